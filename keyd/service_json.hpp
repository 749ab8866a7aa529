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
/// Of a list: an address, or an alias with its targets.
nlohmann::json describe_entry(const ListedEntry& entry);
/// What to put behind `after` for the page behind this one; null when this is the last.
nlohmann::json next_page(const std::vector<ListedEntry>& listed, std::size_t limit);
/// The fingerprints in `seal_to` of Resolved::text, as list_fingerprints() writes them.
std::string list_sealed_to(const std::string& resolved);
nlohmann::json describe_names(const std::vector<EntryName>& names);
nlohmann::json describe_change(const LoggedChange& change);

}  // namespace maildircrypt
