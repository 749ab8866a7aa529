/// Which client addresses are ours: a list of networks in CIDR notation.
#pragma once

#include "base/result.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// Read-only after parsing: any thread.
class Networks {
public:
    /// `127.0.0.0/8, [::1]/128, 192.0.2.7`: separated by commas or blanks, brackets optional, no
    /// prefix length means one address. Refuses what is not understood, bits set behind the prefix
    /// included.
    static Result<Networks> parse(std::string_view list);

    /// `address` in numbers, as inet_ntop(3) writes it. An IPv4-mapped IPv6 address is its IPv4
    /// address. What is no address is in no network.
    bool contains(std::string_view address) const;

private:
    using Bits = std::array<std::uint8_t, 16>;  ///< IPv6, or IPv4 as ::ffff:a.b.c.d
    struct Network {
        Bits address;
        int prefix;  ///< 0 to 128
    };
    static Result<Bits> parse_address(std::string_view text, bool& is_ipv4);
    static Result<Network> parse_network(std::string_view text);
    static Bits masked(Bits address, int prefix);

    std::vector<Network> networks_;
};

}  // namespace maildircrypt
