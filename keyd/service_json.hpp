/// The JSON that the API's replies are made of.
#pragma once

#include "keyd/api_reply.hpp"
#include "keyd/store.hpp"

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace maildircrypt {

/// With a newline; what is not UTF-8 (old user ids) becomes U+FFFD.
ApiReply json_reply(unsigned status, const nlohmann::json& object);

nlohmann::json describe_certificate(const Certificate& certificate);
/// State and certificates of an address, as `show` answers it.
nlohmann::json describe_binding(const EntryName& name, const Binding& binding,
                                const CompiledAnswer& answer);
nlohmann::json describe_change(const LoggedChange& change);

}  // namespace maildircrypt
