#include "pipe/maildir_name.hpp"

#include <algorithm>
#include <cstddef>

namespace maildircrypt {
namespace {

/// Leaves of NAME_MAX (255) at least 128 for the numbers, `,S=,W=` and readers' flags.
constexpr std::size_t max_host_in_name = 120;

/// "If the delivering program is told a host name containing / or :, it replaces / with \057 and :
/// with \072." A comma would begin the sizes; what no host name has gets the same treatment.
std::string escape_host(std::string_view host) {
    std::string escaped;
    for (const char c : host) {
        const auto octet = static_cast<unsigned char>(c);
        const bool plain = octet > 0x20 && octet < 0x7f && c != '/' && c != ':' && c != ',';
        if (plain) {
            escaped += c;
        } else {
            escaped += '\\';
            for (const int shift : {6, 3, 0})
                escaped += static_cast<char>('0' + (octet >> shift) % 8);
        }
    }
    escaped.resize(std::min(escaped.size(), max_host_in_name));
    return escaped.empty() ? "localhost" : escaped;
}

}  // namespace

std::string make_maildir_name(const MaildirNameParts& parts) {
    constexpr long nanoseconds_per_microsecond = 1000;
    return std::to_string(parts.time.tv_sec) + ".M" +
           std::to_string(parts.time.tv_nsec / nanoseconds_per_microsecond) + 'P' +
           std::to_string(parts.process) + 'Q' + std::to_string(parts.delivery) + '.' +
           escape_host(parts.host);
}

void MessageSize::add(std::string_view text) {
    octets_ += text.size();
    for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1)) {
        const char before = at == 0 ? last_ : text[at - 1];
        if (before != '\r') ++bare_line_feeds_;
    }
    if (!text.empty()) last_ = text.back();
}

std::string MessageSize::append_to(const std::string& name) const {
    return name + ",S=" + std::to_string(octets_) +
           ",W=" + std::to_string(octets_ + bare_line_feeds_);
}

}  // namespace maildircrypt
