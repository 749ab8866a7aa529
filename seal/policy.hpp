/// What happens to mail for an address: a pure decision from the state of its keys and the
/// configuration.
#pragma once

#include "seal/address.hpp"
#include "seal/key_plan.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// Acted on by exhaustive switches without `default`.
enum class Treatment {
    untouched,  ///< outside our domains: not marked, not counted
    seal,
    pass_clear,  ///< marked and counted
    defer,       ///< 451, exit 75
    reject,      ///< 550
};

struct PolicyConfig {
    std::vector<std::string> domains;  ///< folded; empty means every domain
    Treatment no_key = Treatment::pass_clear;
    Treatment expired = Treatment::seal;
    Treatment revoked = Treatment::defer;  ///< also a tombstone
};

/// Whether the address lies in the configured domains. Where one of these is international, every
/// address in an international domain does: it may be another spelling of ours.
bool covers(const PolicyConfig& config, const Address& address);

/// For an address that is covered. Never `untouched`.
Treatment treat(const PolicyConfig& config, KeyState state);

/// Why, in words that may stand in a reply to the sender: no address, no key id.
std::string_view explain(KeyState state);

}  // namespace maildircrypt
