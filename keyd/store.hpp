/// Where keyd keeps certificates, tombstones, compiled answers and the key log: the interface of
/// all stores.
#pragma once

#include "base/result.hpp"
#include "keyd/answer.hpp"
#include "keyd/certificate.hpp"
#include "seal/address.hpp"
#include "seal/key_plan.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace maildircrypt {

/// `valid_until` of an answer that no clock will change.
inline constexpr std::int64_t forever = INT64_MAX;

/// A lookup's answer as keyd/compiled_answer.hpp made it, ready to be sent.
struct CompiledAnswer {
    std::string text;  ///< JSON members, no braces
    KeyState state = KeyState::no_key;
    std::int64_t valid_until = forever;  ///< seconds since 1970; from then on it is compiled anew
    std::int64_t expires = 0;  ///< when the last key that is sealed to expires; 0 is never
    std::string keys;          ///< list_fingerprints() of what is sealed to
};

struct StoredAnswer {
    StoreStamp stamp;
    bool known = false;                  ///< the address has, or had, a key
    std::string text;                    ///< when known
    std::int64_t valid_until = forever;  ///< when known
};

/// What an address is bound to.
struct Binding {
    std::int64_t version = 0;               ///< revision of its last change; 0: not known at all
    std::vector<Certificate> certificates;  ///< none though known: only a tombstone is left
    std::vector<Fingerprint> recognise;     ///< every encryption subkey it ever had
};

struct Bound {
    std::vector<Certificate> certificates;  ///< all of them; none leaves a tombstone
    std::vector<Fingerprint> recognise;
    CompiledAnswer answer;
};

/// One change. Applied only when the address is still at `version`.
struct Change {
    Address address;
    std::int64_t version;
    std::string channel;         ///< for the key log
    std::int64_t time;           ///< seconds since 1970
    std::optional<Bound> bound;  ///< none releases the address: nothing is known of it afterwards
};

enum class Applied {
    done,
    conflict,  ///< somebody changed the address meanwhile: read it again
};

struct ListedAddress {
    std::string address;
    KeyState state;
    std::int64_t expires;
    std::int64_t valid_until;
};

struct LoggedChange {
    std::int64_t sequence;
    std::int64_t time;
    std::string channel;
    std::string action;
    std::string hash;                    ///< lower-case hexadecimal
    std::optional<std::string> address;  ///< none when the opening was erased
    std::optional<std::string> keys;
};

/// The hot path: never waits for a writer. One thread.
class StoreReader {
public:
    virtual ~StoreReader() = default;
    /// One snapshot: stamp and answer belong together.
    virtual Result<StoredAnswer> find(const Address& address) = 0;
    virtual Result<Binding> binding(const Address& address) = 0;
};

/// Any thread; calls wait for each other. Every error is of fate retry.
class Store {
public:
    virtual ~Store() = default;
    /// Readers must be gone before their store.
    virtual Result<std::unique_ptr<StoreReader>> open_reader() = 0;

    virtual Result<StoreStamp> stamp() = 0;
    virtual Result<Binding> binding(const Address& address) = 0;
    /// All or nothing, durable when it returns. Each change raises the revision and appends to the
    /// key log.
    virtual Result<Applied> apply(std::span<const Change> changes) = 0;

    /// In the order of addresses, those behind `after`, at most `limit`.
    virtual Result<std::vector<ListedAddress>> list(const std::string& after,
                                                    std::size_t limit) = 0;
    /// Addresses whose answers are valid no longer at `now`, at most `limit`.
    virtual Result<std::vector<Address>> stale(std::int64_t now, std::size_t limit) = 0;
    /// Puts a newly compiled answer in place. No change: no revision, no log. Does nothing when the
    /// address is not at `version`.
    virtual Result<void> refresh(const Address& address, std::int64_t version,
                                 const CompiledAnswer& answer) = 0;

    /// Rows of the key log behind `after`, at most `limit`; of one address when it is given.
    virtual Result<std::vector<LoggedChange>> log(std::int64_t after, std::size_t limit,
                                                  const std::optional<Address>& address) = 0;
    /// Follows the whole chain and every opening that is left. The error (refuse) names the first
    /// row that is wrong.
    virtual Result<LogPosition> verify_log() = 0;
};

}  // namespace maildircrypt
