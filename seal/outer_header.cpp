#include "seal/outer_header.hpp"

#include "seal/ascii.hpp"
#include "seal/field_copy.hpp"
#include "seal/provenance.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace maildircrypt {
namespace {

using namespace std::string_view_literals;

/// Loops, bounces, replies and dates cannot do without these.
constexpr std::array minimal_names{
    "received"sv, "return-path"sv,    "delivered-to"sv, "x-original-to"sv, "from"sv,
    "sender"sv,   "reply-to"sv,       "to"sv,           "date"sv,          "message-id"sv,
    "x-loop"sv,   "auto-submitted"sv, "precedence"sv,   "envelope-to"sv,   "list-id"sv,
};

/// Threading, list software, vacation programs and filters want these too.
constexpr std::array standard_names{
    "cc"sv,
    "in-reply-to"sv,
    "references"sv,
    "mail-followup-to"sv,
    "mail-reply-to"sv,
    "authentication-results"sv,
    "arc-authentication-results"sv,
    "received-spf"sv,
    "delivery-date"sv,
    "x-auto-response-suppress"sv,
    "x-mailing-list"sv,
    "mailing-list"sv,
    "x-bogosity"sv,
    "x-virus-scanned"sv,
    "x-virus-status"sv,
    "x-amavis-alert"sv,
    "x-spam"sv,
    "x-dspam-result"sv,
};

/// And every field whose name begins so.
constexpr std::array standard_prefixes{"resent-"sv,  "list-"sv,     "x-spam-"sv,
                                       "x-spamd-"sv, "x-rspamd-"sv, "x-crm114-"sv};

template <class Names>
bool contains(const Names& names, std::string_view folded) {
    return std::find(names.begin(), names.end(), folded) != names.end();
}

bool describes_body(std::string_view name) {
    return has_prefix(name, "content-") || same_name(name, "mime-version");
}

OuterField copied_field(std::size_t index, const std::string& name, std::string_view text,
                        LineEnd line_end) {
    FieldCopy copy = copy_field(text, line_end);
    return {index, copy.changed, name, std::move(copy.text)};
}

OuterField own_field(const std::string& text, LineEnd line_end) {
    return {std::nullopt, false, text.substr(0, text.find(':')), copy_field(text, line_end).text};
}

}  // namespace

bool stays_outside(std::string_view name, OuterHeaders policy) {
    if (describes_body(name) || same_name(name, provenance_name)) return false;
    if (policy == OuterHeaders::all) return true;
    const std::string folded = fold_ascii(name);
    if (contains(minimal_names, folded)) return true;
    if (policy == OuterHeaders::minimal) return false;
    if (contains(standard_names, folded)) return true;
    return std::any_of(standard_prefixes.begin(), standard_prefixes.end(),
                       [&](std::string_view prefix) { return folded.starts_with(prefix); });
}

OuterHeader make_sealed_header(const std::vector<HeaderField>& fields, HeaderPolicy policy,
                               const std::string& provenance, std::string_view boundary,
                               LineEnd line_end) {
    OuterHeader header;
    header.original_fields = fields.size();
    header.fields.push_back(own_field(provenance, line_end));
    bool subject_shown = false;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const HeaderField& field = fields[i];
        const std::string name{field.name};
        if (same_name(name, "subject")) {
            if (!std::exchange(subject_shown, true))
                header.fields.push_back(
                    policy.subject == SubjectPolicy::hide
                        ? OuterField{i, true, name, copy_field("Subject: ...", line_end).text}
                        : copied_field(i, name, field.text, line_end));
        } else if (stays_outside(name, policy.outer_headers)) {
            header.fields.push_back(copied_field(i, name, field.text, line_end));
        }
    }
    header.fields.push_back(own_field("MIME-Version: 1.0", line_end));
    header.fields.push_back(
        own_field("Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\n"
                  " boundary=\"" +
                      std::string{boundary} + '"',
                  line_end));
    header.separator = text_of(line_end);
    return header;
}

OuterHeader make_clear_header(const std::vector<HeaderField>& fields, std::string_view separator,
                              const std::string& provenance, LineEnd line_end) {
    OuterHeader header;
    header.original_fields = fields.size();
    header.fields.push_back(own_field(provenance, line_end));
    for (std::size_t i = 0; i < fields.size(); ++i) {
        if (same_name(fields[i].name, provenance_name)) continue;
        header.fields.push_back(
            {i, false, std::string{fields[i].name}, std::string{fields[i].text}});
    }
    header.separator = separator;
    return header;
}

std::string OuterHeader::render() const {
    std::string text;
    for (const auto& field : fields) text += field.text;
    return text + separator;
}

}  // namespace maildircrypt
