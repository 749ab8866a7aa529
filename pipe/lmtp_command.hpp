/// Command lines of LMTP (RFC 2033, RFC 5321 §4.1) taken apart. Pure.
#pragma once

#include "base/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt::lmtp {

enum class Verb {
    lhlo,
    mail,
    rcpt,
    data,
    bdat,
    rset,
    noop,
    quit,
    vrfy,
    help,
    xforward,
    helo,           ///< and EHLO: RFC 2033 §4.1 forbids them
    unimplemented,  ///< known from SMTP, not offered
    unknown,
};

struct Command {
    Verb verb = Verb::unknown;
    std::string_view argument;  ///< into the line, without blanks around it
};

/// `line` is without its CRLF.
Command parse_command(std::string_view line);

/// An ESMTP parameter; the name in upper case.
struct Parameter {
    std::string name;
    std::string value;  ///< empty when there is none
};

struct Path {
    std::string text;  ///< with its angle brackets, without a source route
    std::vector<Parameter> parameters;
};

/// `FROM:<path> parameters` or `TO:<path> parameters`; `keyword` is "FROM:" or "TO:". Quotes in the
/// local part may hold blanks and brackets. Source routes (RFC 5321 appendix C) are cut off. Octets
/// beyond ASCII pass (RFC 6531), also without SMTPUTF8: MTAs that do not know it hand them on as
/// well.
Result<Path> parse_path(std::string_view argument, std::string_view keyword);

struct Chunk {
    std::uint64_t size = 0;
    bool last = false;
};

/// The argument of BDAT (RFC 3030 §2): `size` or `size LAST`.
std::optional<Chunk> parse_chunk(std::string_view argument);

/// The digits of `text`, whole; at most 20 of them (RFC 1870 §4).
std::optional<std::uint64_t> parse_size(std::string_view text);

/// xtext of RFC 3461 §4, as values of ORCPT, ENVID and XFORWARD are written.
bool is_xtext(std::string_view text);

}  // namespace maildircrypt::lmtp
