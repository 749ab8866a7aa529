#include "seal/outer_header.hpp"

#include "seal/ascii.hpp"
#include "seal/field_copy.hpp"
#include "seal/provenance.hpp"

#include <utility>

namespace maildircrypt {
namespace {

OuterField copied_field(std::size_t index, const std::string& name, std::string_view text,
                        LineEnd line_end) {
    FieldCopy copy = copy_field(text, line_end);
    return {index, copy.changed, name, std::move(copy.text)};
}

OuterField own_field(const std::string& text, LineEnd line_end) {
    return {std::nullopt, false, text.substr(0, text.find(':')), copy_field(text, line_end).text};
}

OuterField unchanged_field(std::size_t index, const HeaderField& field) {
    return {index, false, std::string{field.name}, std::string{field.text}};
}

}  // namespace

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
    for (std::size_t i = 0; i < fields.size(); ++i)
        if (!same_name(fields[i].name, provenance_name))
            header.fields.push_back(unchanged_field(i, fields[i]));
    header.separator = separator;
    return header;
}

OuterHeader make_encrypted_header(const std::vector<HeaderField>& fields,
                                  std::string_view separator, std::string_view host,
                                  std::span<const std::string> sealed_by, LineEnd line_end) {
    if (count_fields(fields, provenance_name) != 1 ||
        !says_treated_by(find_field(fields, provenance_name)->value, sealed_by))
        return make_clear_header(fields, separator, end_to_end_provenance(host), line_end);
    OuterHeader header;
    header.original_fields = fields.size();
    for (std::size_t i = 0; i < fields.size(); ++i)
        header.fields.push_back(unchanged_field(i, fields[i]));
    header.separator = separator;
    return header;
}

std::string OuterHeader::render() const {
    std::string text;
    for (const auto& field : fields) text += field.text;
    return text + separator;
}

}  // namespace maildircrypt
