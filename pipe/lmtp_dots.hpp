/// Transparency of DATA (RFC 5321 §4.5.2) in both directions, to the octet.
#pragma once

#include "base/result.hpp"
#include "base/sink.hpp"

#include <string_view>

namespace maildircrypt::lmtp {

/// Takes the dots away and finds the end. Only CRLF.CRLF ends the content: CR and LF that stand
/// alone are content like any other octet, so that nobody smuggles a command in (RFC 5321 §2.3.8).
class DotRemover {
public:
    struct Piece {
        std::string_view content;  ///< into `input`, or a constant; may be empty
        bool end = false;          ///< the content is complete
    };
    /// Consumes a part of `input` that is not empty.
    Piece next(std::string_view& input);

private:
    enum class State {
        line_start,
        text,
        cr,      ///< a CR was the last octet, and is handed out
        dot,     ///< the first octet of the line, not handed out
        dot_cr,  ///< both are not handed out
    };
    Piece take_text(std::string_view& input);

    State state_ = State::line_start;
};

/// Adds them. A dot behind a lone CR or LF is doubled as well: a next hop that takes those for line
/// ends must not find an end of data there. finish() ends the last line and the content.
class DotAdder : public Sink {
public:
    /// `output` outlives the object.
    explicit DotAdder(Sink& output) : output_(output) {}
    Result<void> write(std::string_view content) override;
    Result<void> finish();

private:
    Sink& output_;
    bool at_line_start_ = true;
    bool after_cr_ = false;
    bool after_crlf_ = true;
};

}  // namespace maildircrypt::lmtp
