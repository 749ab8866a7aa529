/// Under which name a store keeps what mail is sealed to: a mail address, all of a domain, or a
/// domain's recovery certificate.
#pragma once

#include "base/result.hpp"
#include "seal/address.hpp"

#include <string>
#include <string_view>

namespace maildircrypt {

enum class EntryKind {
    address,   ///< `ann@example.org`: keys of its own, a tombstone, or an alias
    domain,    ///< `@example.org`: for each address of the domain that has no entry of its own
    recovery,  ///< `recovery:example.org`: sealed to beside the keys of each address of the domain
};

/// Local part and domain stand in the forms of canonical_local_part() and canonical_domain().
/// Compared and ordered by octets.
class EntryName {
public:
    /// Implicit: every address names an entry.
    EntryName(const Address& address);
    /// `domain` as in an Address: it is not checked again.
    static EntryName whole_domain(std::string_view domain);
    static EntryName recovery(std::string_view domain);
    /// All three forms, text() of a name too, which may be longer than an address that mail is sent
    /// to. Errors are of fate refuse.
    static Result<EntryName> parse(std::string_view text);

    const std::string& text() const { return text_; }
    EntryKind kind() const;
    /// Of one that names an address; it may be longer than others.
    Result<Address> address() const;
    std::string_view domain() const;

    friend auto operator<=>(const EntryName&, const EntryName&) = default;

private:
    explicit EntryName(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

}  // namespace maildircrypt
