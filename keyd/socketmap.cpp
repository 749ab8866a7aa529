#include "keyd/socketmap.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

constexpr std::size_t max_length_digits = 4;  // of max_socketmap_query

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

std::string answer_sealed(KeyState state) {
    switch (state) {
        case KeyState::sealable:
        case KeyState::expired:
            return "OK sealed";
        case KeyState::revoked:
            return "TEMP the keys of this address are revoked";
        case KeyState::tombstone:
            return "TEMP this address has lost its key";
        case KeyState::no_key:
            return "NOTFOUND ";
    }
    return "TEMP internal error";
}

}  // namespace

Netstring read_netstring(std::string_view input) {
    using State = Netstring::State;
    std::size_t digits = 0;
    std::size_t length = 0;
    for (; digits < input.size() && is_digit(input[digits]); ++digits) {
        if (digits == max_length_digits) return {State::broken, {}, 0};
        length = length * 10 + static_cast<std::size_t>(input[digits] - '0');
    }
    if (length > max_socketmap_query) return {State::broken, {}, 0};
    if (digits == input.size()) return {State::incomplete, {}, 0};
    const bool leading_zero = digits > 1 && input[0] == '0';
    if (digits == 0 || leading_zero || input[digits] != ':') return {State::broken, {}, 0};
    const std::size_t size = digits + 1 + length + 1;
    if (input.size() < size) return {State::incomplete, {}, 0};
    if (input[size - 1] != ',') return {State::broken, {}, 0};
    return {State::complete, input.substr(digits + 1, length), size};
}

std::string write_netstring(std::string_view payload) {
    return std::to_string(payload.size()) + ':' + std::string{payload} + ',';
}

Netstring read_line(std::string_view input) {
    using State = Netstring::State;
    const std::size_t end = input.find('\n');
    if (std::min(end, input.size()) > max_socketmap_query) return {State::broken, {}, 0};
    if (end == input.npos) return {State::incomplete, {}, 0};
    std::string_view payload = input.substr(0, end);
    if (payload.ends_with('\r')) payload.remove_suffix(1);
    return {State::complete, payload, end + 1};
}

bool speaks_in_lines(std::string_view input) {
    return !input.empty() && !is_digit(input.front());
}

std::string answer_socketmap(std::string_view query,
                             const std::function<Result<KeyState>(const Address&)>& state_of) {
    const std::size_t space = query.find(' ');
    const std::string_view map = query.substr(0, space);
    const std::string_view key = space == query.npos ? "" : query.substr(space + 1);
    if (map != "sealed" && map != "exists") return "TEMP unknown map: it is sealed or exists";
    const bool address_wanted = key.find('@') != key.npos && key.front() != '@';
    // Whether a domain or a bare name has a key is a question to a healthy store, too.
    const auto address = Address::parse(address_wanted ? key : "probe@invalid");
    if (!address) return "TEMP not an address";
    const auto state = state_of(*address);
    if (!state) return "TEMP the key store does not answer";
    if (!address_wanted) return "NOTFOUND ";
    if (map == "exists") return *state == KeyState::no_key ? "NOTFOUND " : "OK sealed";
    return answer_sealed(*state);
}

}  // namespace maildircrypt
