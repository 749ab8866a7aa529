/// The address under which keyd may know a recipient, from what the MTA says about it.
#pragma once

#include "milter/mta.hpp"
#include "seal/address.hpp"
#include "seal/policy.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace maildircrypt {

/// The MTA's canonical form ({rcpt_addr}) when it is there and an address, else what the client
/// typed, completed by `origin` when it has no domain and `origin` is not empty. Nothing when none
/// of these is an address.
std::optional<Address> recipient_address(std::string_view argument, const Macros& macros,
                                         const std::string& origin);

/// What the client typed, where the MTA's form may be another address: with characters beyond
/// ASCII. Postfix folds those as Unicode does (a sharp s becomes ss) in {rcpt_addr}, in domains,
/// too, where it makes another name, but delivers to what was typed, so a key of either counts.
std::optional<Address> typed_address(std::string_view argument, const Address& canonical);

/// Whether the domain is an address literal ("[192.0.2.1]", RFC 5321 §4.1.3): it may be this host,
/// and the mailbox one that has a key under its proper address.
bool names_host(const Address& address);

/// Whether text that is no address may still stand for a mailbox of ours: unless all that can be
/// read of it names a domain that is not ours. For the guardless case, where it must not pass.
bool may_be_ours(std::string_view argument, const Macros& macros, const PolicyConfig& config);

}  // namespace maildircrypt
