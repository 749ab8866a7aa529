/// A file outside the store that remembers which store, and how far, this host has served: an older
/// copy of the store that somebody puts back is noticed, although nothing in it is wrong.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "keyd/answer.hpp"

#include <optional>
#include <string>

namespace maildircrypt {

/// One thread at a time.
class Witness {
public:
    /// Makes the file when there is none. Errors: it cannot be opened or is none of ours.
    static Result<Witness> open(const std::string& path);

    /// The error (refuse) says what to do when `stamp` is of another store than what was noted, or
    /// of an older state of it. A new file remembers nothing and finds nothing wrong.
    Result<void> check(const StoreStamp& stamp) const;
    /// Durable when it returns. Does nothing when the revision is noted already.
    Result<void> note(const StoreStamp& stamp);

private:
    struct Memory {
        std::string id;
        std::int64_t revision;
    };
    Witness(std::string path, Fd file) : path_(std::move(path)), file_(std::move(file)) {}
    Result<void> read();

    std::string path_;
    Fd file_;
    std::optional<Memory> memory_;
};

}  // namespace maildircrypt
