/// keyd's replies as keyd-cli shows them to people.
#pragma once

#include "keyd/cli_command.hpp"

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace maildircrypt {

/// Text for standard output, ended by a newline or empty. Empty `ok` means that the reply does not
/// look like one of keyd's.
struct CliText {
    bool ok = true;
    std::string text;
};
CliText describe_reply(const CliCommand& command, const nlohmann::json& reply);

/// `2027-03-01`, UTC; "never" for 0.
std::string date_text(std::int64_t seconds);
/// User ids and messages come from strangers: control characters must not reach a terminal.
std::string printable(std::string_view text);

}  // namespace maildircrypt
