/// Where keyd keeps certificates, tombstones, compiled answers and the key log: the interface of
/// all stores.
#pragma once

#include "base/result.hpp"
#include "keyd/answer.hpp"
#include "keyd/certificate.hpp"
#include "keyd/entry_name.hpp"
#include "keyd/key_log.hpp"
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

/// What a lookup needs of one entry. Of an alias only `targets` count: its state and text are those
/// of a tombstone.
struct StoredEntry {
    std::string text;  ///< CompiledAnswer::text
    KeyState state = KeyState::tombstone;
    std::int64_t valid_until = forever;
    std::vector<EntryName> targets;
};

struct FoundEntries {
    StoreStamp stamp;
    /// One for each name that was asked for; none where the store knows nothing of it.
    std::vector<std::optional<StoredEntry>> entries;
};

/// What an entry is bound to.
struct Binding {
    std::int64_t version = 0;               ///< revision of its last change; 0: not known at all
    std::vector<Certificate> certificates;  ///< none though known: only a tombstone is left
    std::vector<Fingerprint> recognise;     ///< every encryption subkey it ever had
    std::vector<Fingerprint> lost{};        ///< of `recognise`: never sealed to again
    std::vector<EntryName> targets{};       ///< not empty: an alias, without certificates
};

struct Bound {
    std::vector<Certificate> certificates;  ///< all of them; none leaves a tombstone
    std::vector<Fingerprint> recognise;
    CompiledAnswer answer;
    std::vector<Fingerprint> lost{};
    std::vector<EntryName> targets{};
};

/// One change. Applied only when the entry is still at `version`.
struct Change {
    EntryName name;
    std::int64_t version;
    std::string channel;         ///< for the key log
    std::int64_t time;           ///< seconds since 1970
    std::optional<Bound> bound;  ///< none releases the entry: nothing is known of it afterwards
    bool lost = false;           ///< keys were declared lost, which the key log says
    /// When given, applied only while the whole store is still at this revision: for changes that
    /// were judged by other entries, too.
    std::optional<std::int64_t> revision{};
};

enum class Applied {
    done,
    conflict,  ///< somebody changed the entry, or the store, meanwhile: read it again
};

struct ListedEntry {
    EntryName name;
    KeyState state;
    std::int64_t expires;
    std::int64_t valid_until;
    std::vector<EntryName> targets;  ///< as in StoredEntry
};

/// What a list holds.
enum class Listed { all, aliases };

struct LoggedChange {
    std::int64_t sequence;
    std::int64_t time;
    std::string channel;
    std::string action;
    std::string hash;                    ///< lower-case hexadecimal
    std::optional<std::string> address;  ///< none when the opening was erased
    std::optional<std::string> keys;
};

/// Where entries are read. Every error is of fate retry.
class EntrySource {
public:
    virtual ~EntrySource() = default;
    /// One snapshot: stamp and entries belong together. Who needs a second call compares revisions.
    virtual Result<FoundEntries> find(std::span<const EntryName> names) = 0;
    virtual Result<Binding> binding(const EntryName& name) = 0;
};

/// The hot path: never waits for a writer. One thread.
class StoreReader : public EntrySource {
public:
    /// Whether nobody but this process changes the store, so that it hears of every change.
    virtual bool is_sole_writer() const { return false; }
};

struct StoredBinding {
    EntryName name;
    Binding binding;
};

/// Everything as it was at one moment, for backups; changes go on meanwhile. One thread at a time.
/// Errors are of fate retry.
class StoreSnapshot {
public:
    virtual ~StoreSnapshot() = default;
    virtual const StoreStamp& stamp() const = 0;
    /// In the order of names, those behind `after`, at most `limit`.
    virtual Result<std::vector<StoredBinding>> entries(const std::string& after,
                                                       std::size_t limit) = 0;
    /// Rows of the key log behind `after`, at most `limit`, with what is left of their openings.
    virtual Result<std::vector<StoredLogRow>> log(std::int64_t after, std::size_t limit) = 0;
};

/// Any thread; calls wait for each other.
class Store : public EntrySource {
public:
    /// Readers must be gone before their store.
    virtual Result<std::unique_ptr<StoreReader>> open_reader() = 0;
    /// Likewise. Nobody waits for it, but it costs the store space while it lives.
    virtual Result<std::unique_ptr<StoreSnapshot>> snapshot() = 0;

    virtual Result<StoreStamp> stamp() = 0;
    /// All or nothing, durable when it returns. Each change raises the revision and appends to the
    /// key log.
    virtual Result<Applied> apply(std::span<const Change> changes) = 0;

    /// In the order of names (octets), those behind `after`, at most `limit`.
    virtual Result<std::vector<ListedEntry>> list(const std::string& after, std::size_t limit,
                                                  Listed which = Listed::all) = 0;
    /// Aliases that name this address as a target, in the order of names, at most `limit`. May look
    /// through all aliases.
    virtual Result<std::vector<EntryName>> aliases_of(const EntryName& target,
                                                      std::size_t limit) = 0;
    /// Entries whose answers are valid no longer at `now`, at most `limit`.
    virtual Result<std::vector<EntryName>> stale(std::int64_t now, std::size_t limit) = 0;
    /// Puts a newly compiled answer in place. No change: no revision, no log. Does nothing when the
    /// entry is not at `version`.
    virtual Result<void> refresh(const EntryName& name, std::int64_t version,
                                 const CompiledAnswer& answer) = 0;

    /// Rows of the key log behind `after`, at most `limit`; of one entry when it is given.
    virtual Result<std::vector<LoggedChange>> log(std::int64_t after, std::size_t limit,
                                                  const std::optional<EntryName>& name) = 0;
    /// Follows the whole chain and every opening that is left. The error (refuse) names the first
    /// row that is wrong.
    virtual Result<LogPosition> verify_log() = 0;
    /// Erases the openings of an entry's rows, and of those of aliases that lead to it, so that
    /// nothing tells any more whom they are about; the chain stays. How many there were.
    virtual Result<std::int64_t> erase_openings(const EntryName& name) = 0;

    /// How many entries there are whose last key expires after `now`, but by `until`.
    virtual Result<std::int64_t> count_expiring(std::int64_t now, std::int64_t until) = 0;
};

}  // namespace maildircrypt
