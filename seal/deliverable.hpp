/// The only text that delivery accepts. Each kind is made in one place, so that grep finds every
/// use.
#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

/// A piece of body text that may be stored. A view: it does not outlive the call it is passed to.
class Deliverable {
public:
    std::string_view text() const { return text_; }

private:
    explicit Deliverable(std::string_view text) : text_(text) {}
    std::string_view text_;

    friend class SealedBody;        ///< seal/sealer.cpp: ciphertext and its MIME frame
    friend class ClearPassage;      ///< policy let it through in clear
    friend class OriginalReplay;    ///< already encrypted to its recipient by the sender
    friend class UntouchedPassage;  ///< for an address outside our domains
    friend class MaildirLines;      ///< deliverable text again, CRLF made LF
};

/// One field of the header that will be stored.
struct OuterField {
    /// Index among the fields of the original header; none for a field of ours.
    std::optional<std::size_t> original;
    bool changed = false;  ///< an original field whose value we replaced (Subject)
    std::string name;
    std::string text;  ///< whole, with its line ends: `Name: value\r\n`
};

/// The header that will be stored: fields in order, then `separator`. Original fields that are not
/// listed are removed.
struct OuterHeader {
    std::vector<OuterField> fields;
    std::string separator;  ///< the empty line; empty where the original had none (clear mail only)
    std::size_t original_fields = 0;  ///< how many the original header had

    std::string render() const;
};

/// What a front end implements: header once, then the body in pieces. After an error neither is
/// called again.
class MessageOutput {
public:
    virtual ~MessageOutput() = default;
    virtual Result<void> header(const OuterHeader& header) = 0;
    virtual Result<void> body(Deliverable piece) = 0;
};

}  // namespace maildircrypt
