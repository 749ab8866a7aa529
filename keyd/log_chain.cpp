#include "keyd/log_chain.hpp"

#include "keyd/alias_targets.hpp"
#include "keyd/encoding.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

std::string action_of(const Change& change) {
    if (!change.bound) return "release";
    if (!change.bound->targets.empty()) return "alias";
    if (change.name.kind() == EntryKind::recovery) return "recovery";
    if (change.lost) return "lost";
    return change.bound->certificates.empty() ? "withdraw" : "seal";
}

/// What the row says that mail is sealed to from now on.
std::string keys_of(const Change& change) {
    if (!change.bound) return "";
    const Bound& bound = *change.bound;
    return bound.targets.empty() ? bound.answer.keys : write_targets(bound.targets);
}

Result<Opening> open_with_salt(std::string value) {
    auto salt = random_salt();
    if (!salt) return salt.error();
    return Opening{*salt, std::move(value)};
}

bool matches(Committed kind, const Opening& opening, const Sha256& committed) {
    const auto expected = commitment(kind, opening);
    return expected && *expected == committed;
}

Error broken(std::int64_t sequence, const std::string& why) {
    return refuse("key log: row " + std::to_string(sequence) + " " + why);
}

}  // namespace

Result<StoredLogRow> next_log_row(const LogPosition& end, const Change& change) {
    auto address = open_with_salt(change.name.text());
    auto keys = open_with_salt(keys_of(change));
    if (!address) return address.error();
    if (!keys) return keys.error();
    auto address_commitment = commitment(Committed::address, *address);
    auto keys_commitment = commitment(Committed::keys, *keys);
    auto previous = parse_hash(end.head);
    if (!address_commitment) return address_commitment.error();
    if (!keys_commitment) return keys_commitment.error();
    if (!previous) return previous.error();
    LogRow row{end.sequence + 1,    change.time,      change.channel, action_of(change),
               *address_commitment, *keys_commitment, *previous};
    auto hash = hash_row(row);
    if (!hash) return hash.error();
    return StoredLogRow{std::move(row), *hash, RowOpenings{std::move(*address), std::move(*keys)}};
}

Result<Sha256> parse_hash(std::string_view text) {
    Sha256 hash{};
    // A fingerprint has 20 octets: two of them cover the 32.
    const auto front = parse_fingerprint(text.substr(0, 40));
    const auto back = parse_fingerprint(text.size() == 64 ? text.substr(24) : "");
    if (!front || !back) return retry("store: the head of the key log is damaged");
    std::copy(front->begin(), front->end(), hash.begin());
    std::copy(back->begin(), back->end(), hash.begin() + 12);
    return hash;
}

Sha256 read_hash(Octets octets) {
    Sha256 hash{};
    if (octets.size() == hash.size()) std::copy(octets.begin(), octets.end(), hash.begin());
    return hash;
}

Result<ChainCheck> ChainCheck::begin(std::string_view store_id, std::int64_t from) {
    auto genesis = genesis_hash(store_id);
    if (!genesis) return genesis.error();
    return ChainCheck{*genesis, from};
}

Result<void> ChainCheck::add(const StoredLogRow& stored) {
    const LogRow& row = stored.row;
    if (row.sequence != sequence_) return broken(sequence_, "is missing");
    const bool unknown_before = sequence_ == from_ && from_ > 1;
    if (!unknown_before && row.previous != previous_)
        return broken(sequence_, "does not continue the row before");
    auto hash = hash_row(row);
    if (!hash) return hash.error();
    if (*hash != stored.hash) return broken(sequence_, "was altered");
    if (stored.openings && (!matches(Committed::address, stored.openings->address, row.address) ||
                            !matches(Committed::keys, stored.openings->keys, row.keys)))
        return broken(sequence_, "has an opening that does not fit");
    previous_ = *hash;
    ++sequence_;
    return {};
}

Result<void> ChainCheck::finish(const LogPosition& end) const {
    if (sequence_ - 1 != end.sequence || hex_text(previous_) != end.head)
        return refuse("key log: it does not end where the store says");
    return {};
}

}  // namespace maildircrypt
