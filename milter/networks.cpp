#include "milter/networks.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include <arpa/inet.h>

namespace maildircrypt {
namespace {

constexpr int all_bits = 128;
constexpr int mapped_bits = 96;  // of ::ffff:0:0/96, RFC 4291 §2.5.5.2

}  // namespace

Result<Networks::Bits> Networks::parse_address(std::string_view text, bool& is_ipv4) {
    if (text.size() >= 2 && text.front() == '[' && text.back() == ']')
        text = text.substr(1, text.size() - 2);
    const std::string terminated{text};
    Bits bits{};
    std::array<std::uint8_t, 4> ipv4{};
    is_ipv4 = ::inet_pton(AF_INET, terminated.c_str(), ipv4.data()) == 1;
    if (is_ipv4) {
        bits[10] = bits[11] = 0xff;
        std::copy(ipv4.begin(), ipv4.end(), bits.begin() + 12);
    } else if (::inet_pton(AF_INET6, terminated.c_str(), bits.data()) != 1) {
        return refuse("not a network address: " + terminated);
    }
    return bits;
}

Result<Networks::Network> Networks::parse_network(std::string_view text) {
    const auto slash = std::min(text.find('/'), text.size());
    bool is_ipv4 = false;
    auto address = parse_address(text.substr(0, slash), is_ipv4);
    if (!address) return address.error();
    int prefix = all_bits;
    if (slash < text.size()) {
        const std::string_view digits = text.substr(slash + 1);
        const auto end = digits.data() + digits.size();
        const auto [stop, error] = std::from_chars(digits.data(), end, prefix);
        if (is_ipv4) prefix += mapped_bits;
        const bool whole = error == std::errc{} && stop == end;
        if (!whole || prefix < (is_ipv4 ? mapped_bits : 0) || prefix > all_bits)
            return refuse("not a prefix length: " + std::string{text});
    }
    if (masked(*address, prefix) != *address)
        return refuse("has bits behind its prefix length: " + std::string{text});
    return Network{*address, prefix};
}

Networks::Bits Networks::masked(Bits address, int prefix) {
    for (int octet = 0; octet < 16; ++octet) {
        const int kept = std::clamp(prefix - 8 * octet, 0, 8);
        const auto mask = static_cast<std::uint8_t>(0xff << (8 - kept));
        auto& value = address[static_cast<std::size_t>(octet)];
        value = static_cast<std::uint8_t>(value & mask);
    }
    return address;
}

Result<Networks> Networks::parse(std::string_view list) {
    constexpr std::string_view separators = ", \t";
    Networks networks;
    while (!list.empty()) {
        const auto length = std::min(list.find_first_of(separators), list.size());
        if (length > 0) {
            auto network = parse_network(list.substr(0, length));
            if (!network) return network.error();
            networks.networks_.push_back(*network);
        }
        list.remove_prefix(std::min(length + 1, list.size()));
    }
    return networks;
}

bool Networks::contains(std::string_view address) const {
    bool is_ipv4 = false;
    const auto bits = parse_address(address, is_ipv4);
    if (!bits) return false;
    return std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
        return masked(*bits, network.prefix) == network.address;
    });
}

}  // namespace maildircrypt
