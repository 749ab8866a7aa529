/// What every change of an entry needs: who did it, what is stored, and the replies of those that
/// are refused.
#pragma once

#include "keyd/api_reply.hpp"
#include "keyd/caller.hpp"
#include "keyd/certificate.hpp"
#include "keyd/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maildircrypt {

/// Who makes a change, for the key log: "root", "admin:UID" or "user:UID".
std::string channel_of(const Caller& caller);

/// The binary forms of a binding's certificates, for accept_certificate().
std::vector<OctetString> binaries(const Binding& binding);

/// The reply to a certificate that was not accepted.
ApiReply refused(const Error& error);
/// Why a certificate that the entry does not have yet is of no use to it.
std::optional<ApiReply> useless(const Certificate& certificate, std::int64_t now);
/// An alias has no keys of its own.
ApiReply is_alias(const EntryName& name);
ApiReply nothing_to_remove(const EntryName& name);

}  // namespace maildircrypt
