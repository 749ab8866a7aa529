#include "seal/added_returns.hpp"

#include "base/bytes.hpp"
#include "base/secret.hpp"

#include <algorithm>
#include <cstring>
#include <span>

namespace maildircrypt {
namespace {

/// Copies `text` to `out`, which has twice its size, with a CR before every LF.
std::size_t add_returns(std::string_view text, std::span<std::uint8_t> out) {
    std::size_t size = 0;
    while (!text.empty()) {
        const std::size_t line = std::min(text.find('\n'), text.size());
        std::memcpy(out.subspan(size, line).data(), text.data(), line);
        size += line;
        text.remove_prefix(line);
        if (text.empty()) break;
        out[size++] = '\r';
        out[size++] = '\n';
        text.remove_prefix(1);
    }
    return size;
}

}  // namespace

Result<void> write_with_returns(std::string_view text, Encryptor& encryptor) {
    SecretArray<8192> longer;
    while (!text.empty()) {
        const std::string_view part = text.substr(0, longer.size() / 2);
        const std::size_t size = add_returns(part, longer.span());
        auto written = encryptor.write(as_text(longer.span().first(size)));
        if (!written) return written;
        text.remove_prefix(part.size());
    }
    return {};
}

}  // namespace maildircrypt
