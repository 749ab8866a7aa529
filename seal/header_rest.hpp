/// Keeps provenance fields of others out of what readers still take for header behind the limits of
/// HeaderScanner.
#pragma once

#include <string>
#include <string_view>

namespace maildircrypt {

/// Octets of a line by which it is known whose field it is.
inline constexpr std::size_t max_line_start = 8192;

/// Fed with what follows the fields that were seen, from the start of a line on. Memory is
/// constant.
class HeaderRest {
public:
    /// `in_provenance`: the last field that was seen is one, so that its continuation lines go too.
    explicit HeaderRest(bool in_provenance) : dropping_(in_provenance) {}

    /// What of the text so far is to be kept and was not returned before.
    std::string take(std::string_view piece);
    std::string finish();
    /// From here on everything is kept: this is the body.
    bool ended() const { return ended_; }

private:
    void take_part(std::string_view part, std::string& kept);
    void judge_line();

    std::string start_;    ///< of a line that is not judged yet
    bool judged_ = false;  ///< the line that we are in
    bool dropping_;
    bool ended_ = false;
};

}  // namespace maildircrypt
