#include "milter/header_edits.hpp"

#include "seal/ascii.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace maildircrypt {
namespace {

/// How many fields of each name have been met.
class NameCounter {
public:
    std::size_t count(std::string_view name) { return ++seen_[fold_ascii(name)]; }

private:
    std::map<std::string, std::size_t> seen_;
};

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

/// From the last to the first: a removal shifts the later fields of its name.
void plan_removals(std::span<const std::string> names, const std::vector<bool>& kept,
                   std::vector<HeaderEdit>& edits) {
    NameCounter counter;
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::size_t index = counter.count(names[i]);
        if (!kept[i]) edits.push_back({HeaderEdit::Kind::remove, index, names[i], {}});
    }
    std::reverse(edits.begin(), edits.end());
}

/// Counted among the fields that are left.
void plan_changes(const OuterHeader& outer, std::vector<HeaderEdit>& edits) {
    NameCounter counter;
    for (const auto& field : outer.fields) {
        if (!field.original) continue;
        const std::size_t index = counter.count(field.name);
        if (field.changed)
            edits.push_back({HeaderEdit::Kind::change, index, field.name, value_of(field.text)});
    }
}

/// From the first to the last: each position is that of the finished header. What stands behind the
/// last original field is appended.
void plan_additions(const OuterHeader& outer, std::vector<HeaderEdit>& edits) {
    const auto last = std::find_if(outer.fields.rbegin(), outer.fields.rend(),
                                   [](const OuterField& field) { return field.original; });
    const auto inside = static_cast<std::size_t>(outer.fields.rend() - last);
    for (std::size_t i = 0; i < outer.fields.size(); ++i) {
        const auto& field = outer.fields[i];
        if (field.original) continue;
        if (i < inside)
            edits.push_back({HeaderEdit::Kind::insert, i + 1, field.name, value_of(field.text)});
        else
            edits.push_back({HeaderEdit::Kind::append, 0, field.name, value_of(field.text)});
    }
}

}  // namespace

/// Removals first: a changed or inserted field lies at the end of Postfix's queue file, and every
/// edit after it jumps there and back on its way; after 10,000 jumps cleanup(8) panics.
Result<std::vector<HeaderEdit>> plan_header_edits(std::span<const std::string> names,
                                                  const OuterHeader& outer) {
    const auto kept = find_kept(names, outer);
    if (!kept) return kept.error();
    std::vector<HeaderEdit> edits;
    plan_removals(names, *kept, edits);
    plan_changes(outer, edits);
    plan_additions(outer, edits);
    return edits;
}

}  // namespace maildircrypt
