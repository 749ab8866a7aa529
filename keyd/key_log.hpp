/// The key log's arithmetic: salted commitments and the hash chain over them (keyd/KEYLOG).
#pragma once

#include "base/result.hpp"
#include "seal/key_plan.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace maildircrypt {

using Sha256 = std::array<std::uint8_t, 32>;

/// What is needed to show what a commitment stands for. Erasing it erases the personal data; the
/// chain stays.
struct Opening {
    Sha256 salt{};
    std::string value;
};

/// One change to what an address is sealed to.
struct LogRow {
    std::int64_t sequence = 0;  ///< 1 is the first
    std::int64_t time = 0;      ///< seconds since 1970
    std::string channel;        ///< who did it: "root", "admin:1000", "user:1000"
    std::string action;         ///< "seal", "withdraw" or "release"
    Sha256 address{};           ///< commitment
    Sha256 keys{};              ///< commitment
    Sha256 previous{};          ///< hash of the row before; genesis_hash() for the first
};

/// What opens both commitments of a row.
struct RowOpenings {
    Opening address;
    Opening keys;
};

/// A row as a store keeps it.
struct StoredLogRow {
    LogRow row;
    Sha256 hash{};
    std::optional<RowOpenings> openings;  ///< none when they were erased
};

/// Where the chain of a store begins, so that no two stores share a chain.
Result<Sha256> genesis_hash(std::string_view store_id);

/// A salt nobody can guess. Fails when OpenSSL's generator fails.
Result<Sha256> random_salt();

enum class Committed { address, keys };
/// HMAC-SHA-256 under the salt; the kind is part of it, so that neither stands for the other.
Result<Sha256> commitment(Committed kind, const Opening& opening);

/// The hash of a row, over every member.
Result<Sha256> hash_row(const LogRow& row);

/// The value that `LogRow::keys` commits to: fingerprints sorted, in upper-case hexadecimal, with
/// one space between them.
std::string list_fingerprints(std::span<const EncryptionKey> keys);

}  // namespace maildircrypt
