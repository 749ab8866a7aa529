/// The Maildir of an address: a path with %u, %d and %a in it, out of which no address can lead.
#pragma once

#include "base/result.hpp"
#include "seal/address.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

inline constexpr std::size_t max_component = 255;  ///< octets, NAME_MAX
inline constexpr std::size_t max_path = 4095;      ///< octets, PATH_MAX less its NUL

/// Where a Maildir is, in two parts: what must exist, and what is made on first delivery.
struct MaildirPath {
    std::string existing;           ///< absolute; symbolic links in it are followed
    std::vector<std::string> made;  ///< directories below it, one at least, the last is the Maildir
    bool follow_links = false;      ///< also in `made`: nothing of it comes from an address
};

class MaildirTemplate {
public:
    /// `%u` is the local part without quotes, `%d` the domain, `%a` the address as it is written,
    /// `%%` a percent sign. Refuses a text that is not absolute, names no directory, has another
    /// `%`, or has a component `.` or `..`. What stands before the first component with a
    /// placeholder must exist; without placeholders, all but the last component.
    static Result<MaildirTemplate> parse(std::string_view text);

    /// The path for an address. Refuses (fate refuse: it stays so) when what the address puts in is
    /// empty, begins with a dot, has `/` or a control character, or makes a component or the path
    /// too long. `delimiter` cuts the local part, as Postfix's recipient_delimiter does; empty is
    /// none.
    Result<MaildirPath> expand(const Address& address, std::string_view delimiter = {}) const;

private:
    std::string existing_;
    std::vector<std::string> patterns_;
    bool fixed_ = false;  ///< no placeholder anywhere
};

}  // namespace maildircrypt
