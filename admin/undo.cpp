#include "admin/undo.hpp"

#include "seal/ascii.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

namespace maildircrypt {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view parameter = "; protected-headers=\"v1\"";
constexpr std::array copied_names{"from"sv, "to"sv, "cc"sv, "date"sv, "subject"sv, "message-id"sv};
constexpr std::size_t boundary_size = 34;

/// Takes from the front of `text`: a fixed text, or a number without leading zeros.
bool take(std::string_view& text, std::string_view expected) {
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(expected.size());
    return true;
}

std::optional<std::size_t> take_number(std::string_view& text) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto length = static_cast<std::size_t>(end - text.data());
    if (error != std::errc{} || (length > 1 && text.front() == '0')) return std::nullopt;
    text.remove_prefix(length);
    return number;
}

struct Recipe {
    bool lf = false;
    std::size_t cut_at = 0;
    std::size_t cut = 0;
    std::size_t tail = 0;
};

std::optional<Recipe> take_recipe(std::string_view& payload) {
    Recipe recipe;
    if (!take(payload, "Maildircrypt-Recipe: v=1; eol=")) return std::nullopt;
    recipe.lf = take(payload, "lf");
    if (!recipe.lf && !take(payload, "crlf")) return std::nullopt;
    if (!take(payload, "; cut=")) return std::nullopt;
    const auto cut_at = take_number(payload);
    if (!cut_at || !take(payload, "+")) return std::nullopt;
    const auto cut = take_number(payload);
    if (!cut || !take(payload, "; tail=")) return std::nullopt;
    const auto tail = take_number(payload);
    if (!tail || !take(payload, "\r\n")) return std::nullopt;
    recipe.cut_at = *cut_at;
    recipe.cut = *cut;
    recipe.tail = *tail;
    return recipe;
}

/// Without its CRLF. The sealer blanks other CRs and NULs, so that no reader sees a line end in
/// one.
bool is_copied_line(std::string_view line) {
    if (line.empty() || line.find_first_of("\r\n\0"sv) != line.npos) return false;
    if (is_blank(line.front())) return true;
    const std::size_t colon = line.find(':');
    if (colon == line.npos) return false;
    const std::string name = fold_ascii(trim_blanks(line.substr(0, colon)));
    return std::find(copied_names.begin(), copied_names.end(), name) != copied_names.end();
}

/// The two texts of a wrap, seal/FORMAT section 2 step 2.
bool is_wrap(std::string_view head, std::string_view tail) {
    constexpr std::string_view type = "Content-Type: multipart/mixed; boundary=\"";
    const std::size_t at = head.rfind(std::string{"MIME-Version: 1.0\r\n"}.append(type));
    if (at == head.npos) return false;
    std::string_view copies = head.substr(0, at);
    while (!copies.empty()) {
        const std::size_t end = copies.find("\r\n");
        if (end == copies.npos || !is_copied_line(copies.substr(0, end))) return false;
        copies.remove_prefix(end + 2);
    }
    head.remove_prefix(head.find(type, at) + type.size());
    const std::string boundary{head.substr(0, boundary_size)};
    const bool hexadecimal = boundary.size() == boundary_size && boundary.starts_with("=_") &&
                             boundary.find_first_not_of("0123456789abcdef", 2) == std::string::npos;
    return hexadecimal && tail == "\r\n--" + boundary + "--\r\n" &&
           head == boundary + "\"; protected-headers=\"v1\"\r\n\r\n--" + boundary + "\r\n";
}

bool is_ours(const Recipe& recipe, std::string_view cut, std::string_view tail) {
    if (recipe.tail == 0 && recipe.cut == 0) return recipe.cut_at == 0;
    if (recipe.tail == 0) return cut == parameter;
    return recipe.cut_at == 0 && is_wrap(cut, tail);
}

/// False when some LF does not follow a CR.
bool take_returns(SecretText& text) {
    const std::string_view old{text.data(), text.size()};
    std::size_t size = 0;
    for (std::size_t at = 0; at < old.size();) {
        const std::size_t line_end = std::min(old.find('\n', at), old.size());
        const bool cut_short = line_end == old.size();
        if (!cut_short && (line_end == at || old[line_end - 1] != '\r')) return false;
        const std::size_t length = line_end - at - (cut_short ? 0 : 1);
        std::memmove(&text[size], &text[at], length);
        size += length;
        if (!cut_short) text[size++] = '\n';
        at = line_end + 1;
    }
    text.resize(size);
    return true;
}

}  // namespace

Result<SecretText> undo_sealing(std::string_view payload) {
    const auto recipe = take_recipe(payload);
    if (!recipe) return refuse("the decrypted message has no recipe: not sealed by maildircrypt");
    if (recipe->cut > payload.size() || recipe->cut_at > payload.size() - recipe->cut ||
        recipe->tail > payload.size() - recipe->cut - recipe->cut_at)
        return refuse("the recipe reaches beyond the message: it was altered");
    const std::string_view cut = payload.substr(recipe->cut_at, recipe->cut);
    const std::string_view tail = payload.substr(payload.size() - recipe->tail);
    if (!is_ours(*recipe, cut, tail))
        return refuse("the recipe takes away what was not inserted: it was altered");
    const std::string_view front = payload.substr(0, recipe->cut_at);
    payload.remove_prefix(recipe->cut_at + recipe->cut);
    payload.remove_suffix(recipe->tail);
    SecretText text;
    text.reserve(front.size() + payload.size());
    text.insert(text.end(), front.begin(), front.end());
    text.insert(text.end(), payload.begin(), payload.end());
    if (recipe->lf && !take_returns(text))
        return refuse("a line end is not as the recipe says: the message was altered");
    return text;
}

}  // namespace maildircrypt
