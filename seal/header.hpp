/// Splits a message header into fields without ever losing or changing an octet.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// A longer header counts as body from there on: nothing is lost, only fewer fields are seen as
/// such.
inline constexpr std::size_t max_header = 4 * 1024 * 1024;
/// So does what stands behind so many fields: a field of three octets costs two hundred of memory.
inline constexpr std::size_t max_header_fields = 20'000;

/// Views into the text that was parsed.
struct HeaderField {
    std::string_view text;   ///< whole field, folding and final line end included
    std::string_view name;   ///< without blanks before the colon (`Subject :` is legal in old mail)
    std::string_view value;  ///< behind the colon, without the final line end
};

/// Finds the end of a header that arrives in pieces. A header ends before the first empty line, or
/// before the first line that is neither a field nor a continuation (such a line starts the body),
/// or behind max_header_fields.
class HeaderScanner {
public:
    /// `text` is everything so far, from the message's first octet; it only grows between calls.
    /// True once the end lies in `text`.
    bool scan(std::string_view text);
    /// The message, or what we keep of it, ends here: an unfinished last line counts as a line.
    void finish(std::string_view text);

    std::size_t length() const { return length_; }
    std::size_t separator() const { return separator_; }

private:
    bool take_line(std::string_view line);

    std::size_t searched_ = 0;  ///< no line end lies before this in the line that starts at length_
    std::size_t length_ = 0;
    std::size_t fields_ = 0;
    std::size_t separator_ = 0;
    bool ended_ = false;
};

/// `text` must be exactly the fields (HeaderScanner::length() octets).
std::vector<HeaderField> split_fields(std::string_view text);

/// The first field of that name, or null. `name` in any case.
const HeaderField* find_field(const std::vector<HeaderField>& fields, std::string_view name);
std::size_t count_fields(const std::vector<HeaderField>& fields, std::string_view name);

}  // namespace maildircrypt
