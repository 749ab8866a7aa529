/// The MTA as a session sees it: macros to read, and the message to edit at its end. Implemented
/// over libmilter in callbacks.cpp, faked in tests.
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maildircrypt {

/// Largest piece of a replaced body that the milter protocol carries.
inline constexpr std::size_t max_body_piece = 65535;

class Macros {
public:
    virtual ~Macros() = default;
    /// The value of a macro like "i" or "{rcpt_addr}"; nothing when the MTA did not send it. A
    /// view: it does not outlive the callback.
    virtual std::optional<std::string_view> find(const char* name) const = 0;
};

/// Usable at the end of a message only. Indexes and values as in HeaderEdit; errors mean retry and
/// make the whole message one that the MTA must not accept.
class MessageEditor {
public:
    virtual ~MessageEditor() = default;
    virtual Result<void> change_field(const std::string& name, std::size_t index,
                                      const std::string& value) = 0;
    virtual Result<void> remove_field(const std::string& name, std::size_t index) = 0;
    virtual Result<void> insert_field(std::size_t index, const std::string& name,
                                      const std::string& value) = 0;
    virtual Result<void> append_field(const std::string& name, const std::string& value) = 0;
    /// All pieces in a row, with no edit of fields in between; the first drops the old body.
    virtual Result<void> replace_body(std::string_view piece) = 0;
};

/// Where an SMTP client sits. Absent (std::optional) when the MTA names none.
struct Peer {
    std::string address;     ///< as inet_ntop(3) writes it
    std::uint16_t port = 0;  ///< 0: mail that did not come by SMTP (Postfix's non_smtpd_milters)
};

}  // namespace maildircrypt
