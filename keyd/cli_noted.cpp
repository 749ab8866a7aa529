/// What keyd-cli's `log verify --against` compares the key log with.

#include "base/fd.hpp"
#include "keyd/answer.hpp"
#include "keyd/cli_command.hpp"
#include "keyd/encoding.hpp"
#include "seal/ascii.hpp"
#include "seal/header.hpp"
#include "seal/provenance.hpp"

#include <charconv>
#include <optional>

#include <fcntl.h>

namespace maildircrypt {
namespace {

constexpr std::size_t max_message = 64 * 1024 * 1024;  // octets; only the header is of use
constexpr std::string_view mark = "log=";

/// `SEQUENCE:HEAD`, nothing else.
std::optional<LogPosition> parse_position(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon == text.npos) return std::nullopt;
    LogPosition position;
    const char* end = text.data() + colon;
    const auto [stop, error] = std::from_chars(text.data(), end, position.sequence);
    if (error != std::errc{} || stop != end || position.sequence < 0) return std::nullopt;
    position.head = text.substr(colon + 1);
    if (!is_lower_hex(position.head, log_head_length)) return std::nullopt;
    return position;
}

/// Of a provenance field's text, in which it stands between blanks, line ends and semicolons.
std::optional<LogPosition> find_position(std::string_view field) {
    const std::size_t at = field.find(mark);
    if (at == field.npos) return std::nullopt;
    const std::string_view behind = field.substr(at + mark.size());
    return parse_position(behind.substr(0, behind.find_first_of("; \t\r\n")));
}

}  // namespace

Result<LogPosition> read_noted(const std::string& against) {
    if (auto position = parse_position(against)) return *position;
    auto file = open_file(against, O_RDONLY);
    if (!file)
        return retry(against + " is neither SEQUENCE:HEAD nor a message: " + file.error().what);
    auto message = read_all(file->get(), max_message, "read " + against);
    if (!message) return message.error();
    HeaderScanner scanner;
    if (!scanner.scan(*message)) scanner.finish(*message);
    for (const auto& field : split_fields(std::string_view{*message}.substr(0, scanner.length()))) {
        if (!same_name(field.name, provenance_name)) continue;
        if (auto position = find_position(field.value)) return *position;
    }
    return refuse(against +
                  " holds no position of the key log: it is not a message that was sealed "
                  "(field " +
                  std::string{provenance_name} + ")");
}

}  // namespace maildircrypt
