#include "milter/header_edits.hpp"

#include "seal/ascii.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace maildircrypt {
namespace {

/// For each field, how many of its name stand up to and with it.
std::vector<std::size_t> count_per_name(std::span<const std::string> names) {
    std::map<std::string, std::size_t> seen;
    std::vector<std::size_t> counts;
    counts.reserve(names.size());
    for (const auto& name : names) counts.push_back(++seen[fold_ascii(name)]);
    return counts;
}

/// What stands behind the colon of a whole field, CRLF as LF and none at the end.
std::string value_of(std::string_view text) {
    text.remove_prefix(std::min(text.find(':') + 1, text.size()));
    if (text.ends_with('\n')) text.remove_suffix(1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    std::string value;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool line_end = text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n';
        if (!line_end) value += text[i];
    }
    return value;
}

/// The original fields that stay, in order, none twice, each with the name the MTA knows it by.
Result<std::vector<bool>> find_kept(std::span<const std::string> names, const OuterHeader& outer) {
    if (outer.original_fields != names.size())
        return retry("header edits: the sealer counts other fields than the MTA");
    std::vector<bool> kept(names.size(), false);
    std::size_t next = 0;
    for (const auto& field : outer.fields) {
        if (!field.original) continue;
        const std::size_t index = *field.original;
        if (index < next || index >= names.size() || !same_name(names[index], field.name))
            return retry("header edits: the outer header does not fit the original");
        kept[index] = true;
        next = index + 1;
    }
    return kept;
}

}  // namespace

Result<std::vector<HeaderEdit>> plan_header_edits(std::span<const std::string> names,
                                                  const OuterHeader& outer) {
    const auto kept = find_kept(names, outer);
    if (!kept) return kept.error();
    const auto counts = count_per_name(names);
    std::vector<HeaderEdit> edits;
    std::size_t after_last_original = 0;
    for (std::size_t i = 0; i < outer.fields.size(); ++i) {
        const auto& field = outer.fields[i];
        if (!field.original) continue;
        after_last_original = i + 1;
        if (field.changed)
            edits.push_back({HeaderEdit::Kind::change, counts[*field.original], field.name,
                             value_of(field.text)});
    }
    // From the last to the first: a removal shifts the later ones of its name.
    for (std::size_t i = names.size(); i-- > 0;)
        if (!(*kept)[i]) edits.push_back({HeaderEdit::Kind::remove, counts[i], names[i], {}});
    // From the first to the last: each position is that of the finished header.
    for (std::size_t i = 0; i < outer.fields.size(); ++i) {
        const auto& field = outer.fields[i];
        if (field.original) continue;
        const bool inside = i < after_last_original;
        edits.push_back({inside ? HeaderEdit::Kind::insert : HeaderEdit::Kind::append,
                         inside ? i + 1 : 0, field.name, value_of(field.text)});
    }
    return edits;
}

}  // namespace maildircrypt
