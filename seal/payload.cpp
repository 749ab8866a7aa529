#include "seal/payload.hpp"

#include "seal/ascii.hpp"
#include "seal/content_type.hpp"
#include "seal/field_copy.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace maildircrypt {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view protected_parameter = "; protected-headers=\"v1\"";

/// Copied in front of a wrapped message, for clients to show.
constexpr std::array copied_names{"from"sv, "to"sv, "cc"sv, "date"sv, "subject"sv, "message-id"sv};

/// How the root Content-Type can carry protected headers.
enum class Form { none, parameter, wrap };

std::optional<ContentType> root_content_type(const std::vector<HeaderField>& fields) {
    if (count_fields(fields, "content-type") != 1) return std::nullopt;
    return parse_content_type(find_field(fields, "content-type")->value);
}

/// A blank, comment, semicolon or the end: what may follow the subtype.
bool can_take_parameter(const ContentType& content_type, std::string_view value) {
    constexpr std::string_view followers = " \t\r\n;(";
    const std::size_t end = content_type.subtype_end;
    return end == value.size() || followers.find(value[end]) != followers.npos;
}

bool mentions_protected_headers(std::string_view value) {
    return fold_ascii(value).find("protected-headers") != std::string::npos;
}

bool says_protected(const ContentType& content_type) {
    const std::string* version = content_type.parameter("protected-headers");
    return content_type.well_formed && version != nullptr && *version == "v1";
}

Form choose_form(const std::vector<HeaderField>& fields, SignedPart signed_part) {
    const auto content_type = root_content_type(fields);
    if (!content_type) return Form::wrap;
    if (content_type->is("multipart", "signed"))
        return signed_part == SignedPart::protected_headers ? Form::none : Form::wrap;
    if (says_protected(*content_type)) return Form::none;
    const std::string_view value = find_field(fields, "content-type")->value;
    if (!can_take_parameter(*content_type, value)) return Form::wrap;
    return mentions_protected_headers(value) ? Form::wrap : Form::parameter;
}

std::string wrap_head(const std::vector<HeaderField>& fields, std::string_view boundary) {
    std::string head;
    for (const auto& field : fields) {
        const std::string name = fold_ascii(field.name);
        if (std::find(copied_names.begin(), copied_names.end(), name) != copied_names.end())
            head += copy_field(field.text, LineEnd::crlf).text;
    }
    head += "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"";
    head += boundary;
    head += "\"; protected-headers=\"v1\"\r\n\r\n--";
    head += boundary;
    return head + "\r\n";
}

std::string make_recipe(InputLineEnd line_end, std::size_t offset, const PayloadPlan& plan) {
    return std::string{"Maildircrypt-Recipe: v=1; eol="}
               .append(line_end == InputLineEnd::lf ? "lf" : "crlf")
               .append("; cut=") +
           std::to_string(offset) + '+' + std::to_string(plan.insertion.size()) +
           "; tail=" + std::to_string(plan.tail.size()) + "\r\n";
}

/// The text behind the first delimiter line of `boundary` in `body`, or nothing.
std::string_view first_part(std::string_view body, std::string_view boundary) {
    const std::string delimiter = "--" + std::string{boundary};
    while (!body.empty()) {
        const std::size_t end = body.find('\n');
        if (end == body.npos) return {};
        std::string_view line = body.substr(0, end);
        body.remove_prefix(end + 1);
        if (!line.starts_with(delimiter)) continue;
        line.remove_prefix(delimiter.size());
        if (line.find_first_not_of(" \t\r") == line.npos) return body;
    }
    return {};
}

}  // namespace

InputLineEnd detect_line_end(std::string_view text) {
    const std::size_t line_end = text.find('\n');
    if (line_end == text.npos) return InputLineEnd::crlf;
    return line_end > 0 && text[line_end - 1] == '\r' ? InputLineEnd::crlf : InputLineEnd::lf;
}

PayloadPlan plan_payload(std::string_view header, const std::vector<HeaderField>& fields,
                         InputLineEnd line_end, SignedPart signed_part, std::string_view boundary) {
    PayloadPlan plan;
    switch (choose_form(fields, signed_part)) {
        case Form::none:
            break;
        case Form::parameter: {
            const HeaderField& field = *find_field(fields, "content-type");
            const auto value_at = static_cast<std::size_t>(field.value.data() - header.data());
            plan.insert_at = value_at + parse_content_type(field.value)->subtype_end;
            plan.insertion = protected_parameter;
            break;
        }
        case Form::wrap:
            plan.insertion = wrap_head(fields, boundary);
            plan.tail = "\r\n--" + std::string{boundary} + "--\r\n";
            break;
    }
    std::size_t offset = plan.insert_at;
    if (line_end == InputLineEnd::lf) {
        const auto before = header.substr(0, plan.insert_at);
        offset += static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
    }
    plan.recipe = make_recipe(line_end, offset, plan);
    return plan;
}

bool has_signed_root(const std::vector<HeaderField>& fields) {
    const auto content_type = root_content_type(fields);
    return content_type && content_type->is("multipart", "signed");
}

SignedPart inspect_signed_part(const std::vector<HeaderField>& fields, std::string_view body) {
    const auto root = root_content_type(fields);
    const std::string* boundary = root ? root->parameter("boundary") : nullptr;
    if (boundary == nullptr || boundary->empty()) return SignedPart::unprotected;
    const std::string_view part = first_part(body, *boundary);
    HeaderScanner scanner;
    if (!scanner.scan(part)) return SignedPart::unprotected;
    const auto content_type = root_content_type(split_fields(part.substr(0, scanner.length())));
    return content_type && says_protected(*content_type) ? SignedPart::protected_headers
                                                         : SignedPart::unprotected;
}

}  // namespace maildircrypt
