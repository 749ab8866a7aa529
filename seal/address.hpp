/// A mail address from an envelope or a user, checked and in the one form under which keyd knows
/// it.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace maildircrypt {

inline constexpr std::size_t max_address = 254;  ///< octets, RFC 5321 §4.5.3.1.3 less the brackets
inline constexpr std::size_t max_local_part = 64;  ///< octets, RFC 5321 §4.5.3.1.1
inline constexpr std::size_t max_domain = 253;     ///< octets, RFC 1035 §2.3.4

/// What an address may have: SMTP's, unless it is one that a program wrote.
struct AddressLimits {
    std::size_t local_part = max_local_part;  ///< octets, with the quotes
    std::size_t address = max_address;        ///< octets
};

class Address {
public:
    /// Takes `local@domain`, also in `<>`. ASCII letters are folded to lower case in both parts,
    /// needless quotes around the local part go, a trailing dot of the domain goes. Refuses source
    /// routes, controls, spaces outside quotes, parts that are empty or over the limits, and
    /// domains with characters that none has (`/`, `..`).
    static Result<Address> parse(std::string_view text, const AddressLimits& limits = {});

    const std::string& text() const { return text_; }
    /// As it stands in text(): with quotes where it needs them.
    std::string_view local() const { return std::string_view{text_}.substr(0, at_); }
    std::string_view domain() const { return std::string_view{text_}.substr(at_ + 1); }

    friend bool operator==(const Address&, const Address&) = default;

private:
    Address(std::string text, std::size_t at) : text_(std::move(text)), at_(at) {}
    std::string text_;
    std::size_t at_;
};

/// The address without what follows the first of `delimiters` in its local part; none when there is
/// nothing to cut. A quoted local part is cut within its quotes, as MTAs, Dovecot and
/// MaildirTemplate::expand() do: `"alice+a b"@example.org` is alice's mailbox, too.
std::optional<Address> without_detail(const Address& address, std::string_view delimiters);

/// The local part of an Address as its mailbox is called: quotes are only its spelling (RFC 5321
/// §4.1.2).
std::string unquoted(std::string_view local);
/// The reverse: how a name that may have any character is written in an address.
std::string quoted_where_needed(std::string_view name);

}  // namespace maildircrypt
