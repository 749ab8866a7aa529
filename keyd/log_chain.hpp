/// What every store does with the key log: making the next row, and following the chain.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "keyd/key_log.hpp"
#include "keyd/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maildircrypt {

/// The row that `change` appends behind `end`, with new salts.
Result<StoredLogRow> next_log_row(const LogPosition& end, const Change& change);

/// Lower-case hexadecimal of a hash, read back. Errors (retry): it is none.
Result<Sha256> parse_hash(std::string_view text);

/// All zero when the octets are no hash; such a hash fits nothing.
Sha256 read_hash(Octets octets);

/// Follows a chain row by row. Errors of fate refuse name the first row that is wrong.
class ChainCheck {
public:
    /// From row 1, which continues `store_id`'s genesis, or from row `from`, whatever it continues.
    static Result<ChainCheck> begin(std::string_view store_id, std::int64_t from = 1);

    Result<void> add(const StoredLogRow& row);
    /// No more rows: the chain must end here.
    Result<void> finish(const LogPosition& end) const;

private:
    ChainCheck(const Sha256& genesis, std::int64_t from)
        : previous_(genesis), from_(from), sequence_(from) {}
    Sha256 previous_;
    std::int64_t from_;
    std::int64_t sequence_;  ///< of the next row
};

}  // namespace maildircrypt
