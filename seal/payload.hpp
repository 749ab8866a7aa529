/// What goes inside the encryption besides the message: the recipe and what it says was inserted
/// (seal/FORMAT).
#pragma once

#include "seal/header.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// The line ends of the message as it was handed in.
enum class InputLineEnd {
    crlf,  ///< goes in as it is
    lf,    ///< every LF gets a CR in front
};

/// By the first LF of `text`: step 1 of seal/FORMAT.
InputLineEnd detect_line_end(std::string_view text);

/// Where ours goes. Offsets count in the message as handed in, the recipe counts in the payload.
struct PayloadPlan {
    std::string recipe;         ///< a line
    std::size_t insert_at = 0;  ///< offset in the message
    std::string insertion;      ///< what goes in there
    std::string tail;           ///< what goes behind the message
};

/// What the body of a multipart/signed message says about its signed part.
enum class SignedPart { unprotected, protected_headers };

/// `header` is the raw header (fields only) of the message and `fields` its parts. `boundary` is
/// random, for the wrap. `signed_part` matters for multipart/signed roots only.
PayloadPlan plan_payload(std::string_view header, const std::vector<HeaderField>& fields,
                         InputLineEnd line_end, SignedPart signed_part, std::string_view boundary);

/// Whether the root is multipart/signed, so that plan_payload() wants a verdict about its signed
/// part.
bool has_signed_root(const std::vector<HeaderField>& fields);

/// Looks into the first part of a multipart/signed body for protected headers
/// (draft-autocrypt-lamps-protected-headers). `body` is its beginning; the verdict is unprotected
/// when the part's header does not end within it.
SignedPart inspect_signed_part(const std::vector<HeaderField>& fields, std::string_view body);

}  // namespace maildircrypt
