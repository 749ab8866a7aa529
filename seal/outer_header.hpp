/// The header that stays readable: which fields of the original stay outside, and ours.
#pragma once

#include "seal/deliverable.hpp"
#include "seal/header.hpp"
#include "seal/line_end.hpp"
#include "seal/outer_fields.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

enum class SubjectPolicy { hide, keep };

/// What one message shows.
struct HeaderPolicy {
    OuterHeaders outer_headers = OuterHeaders::standard;
    SubjectPolicy subject = SubjectPolicy::hide;
};

/// `provenance` is a whole field without its last line end; `boundary` is of our
/// multipart/encrypted.
OuterHeader make_sealed_header(const std::vector<HeaderField>& fields, HeaderPolicy policy,
                               const std::string& provenance, std::string_view boundary,
                               LineEnd line_end);

/// For mail that stays clear: everything as it is, octet for octet, but for provenance fields; ours
/// in front.
OuterHeader make_clear_header(const std::vector<HeaderField>& fields, std::string_view separator,
                              const std::string& provenance, LineEnd line_end);

/// For mail that its sender, or one of `sealed_by`, encrypted: as make_clear_header(), marked
/// end-to-end by `host`; but where the one provenance field says that a host of `sealed_by` treated
/// the message already, that field stays and no other is added.
OuterHeader make_encrypted_header(const std::vector<HeaderField>& fields,
                                  std::string_view separator, std::string_view host,
                                  std::span<const std::string> sealed_by, LineEnd line_end);

}  // namespace maildircrypt
