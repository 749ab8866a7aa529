#include "seal/mime_frame.hpp"

namespace maildircrypt {
namespace {

/// Lines end in LF here.
constexpr std::string_view head_template =
    "This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\n"
    "--BOUNDARY\n"
    "Content-Type: application/pgp-encrypted\n"
    "Content-Description: PGP/MIME version identification\n"
    "\n"
    "Version: 1\n"
    "\n"
    "--BOUNDARY\n"
    "Content-Type: application/octet-stream; name=\"encrypted.asc\"\n"
    "Content-Description: OpenPGP encrypted message\n"
    "Content-Disposition: inline; filename=\"encrypted.asc\"\n"
    "\n";
constexpr std::string_view tail_template = "\n--BOUNDARY--\n";

std::string frame(std::string_view pattern, std::string_view boundary, LineEnd line_end) {
    constexpr std::string_view placeholder = "BOUNDARY";
    std::string text;
    while (!pattern.empty()) {
        if (pattern.starts_with(placeholder)) {
            text += boundary;
            pattern.remove_prefix(placeholder.size());
            continue;
        }
        if (pattern.front() == '\n')
            text += text_of(line_end);
        else
            text += pattern.front();
        pattern.remove_prefix(1);
    }
    return text;
}

}  // namespace

std::string frame_head(std::string_view boundary, LineEnd line_end) {
    return frame(head_template, boundary, line_end);
}

std::string frame_tail(std::string_view boundary, LineEnd line_end) {
    return frame(tail_template, boundary, line_end);
}

}  // namespace maildircrypt
