/// What an LMTP session answers does not depend on how its input is cut into pieces; each accepted
/// recipient of a whole message gets one answer; nothing but CRLF.CRLF or a chunk's size ends
/// content.
#include "pipe/lmtp_session.hpp"

#include "base/bytes.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace maildircrypt::lmtp {
namespace {

struct Outcome {
    std::string replies;
    std::vector<std::string> messages;
    bool closed = false;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

class Caller {
public:
    explicit Caller(Outcome& outcome) : outcome_(outcome) {}

    void feed(std::string_view piece) {
        while (!outcome_.closed && act(session_.next(piece)))
            outcome_.replies += session_.take_replies();
        outcome_.replies += session_.take_replies();
    }

private:
    bool act(Session::Event event) {
        switch (event) {
            case Session::Event::need_input:
                return false;
            case Session::Event::recipient:
                session_.answer_recipient({250, "2.1.5", "Ok", {}});
                return true;
            case Session::Event::begin:
                if (session_.recipients().empty() || open_) std::abort();
                open_ = true;
                message_.clear();
                return true;
            case Session::Event::content:
                if (!open_) std::abort();
                message_ += session_.content();
                return true;
            case Session::Event::end:
                if (!open_ || session_.recipients().empty()) std::abort();
                open_ = false;
                outcome_.messages.push_back(message_);
                session_.answer_message(std::vector<Reply>(session_.recipients().size()));
                return true;
            case Session::Event::abandoned:
                open_ = false;
                return true;
            case Session::Event::close:
                outcome_.closed = true;
                return false;
            case Session::Event::replied:
                return true;
        }
        return false;
    }

    Outcome& outcome_;
    Session session_{"mx.test", {1000, true, {"NAME"}}};
    std::string message_;
    bool open_ = false;
};

Outcome run(std::string_view input, std::size_t piece_size) {
    Outcome outcome;
    Caller caller{outcome};
    for (; !input.empty(); input.remove_prefix(std::min(piece_size, input.size())))
        caller.feed(input.substr(0, piece_size));
    return outcome;
}

}  // namespace
}  // namespace maildircrypt::lmtp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace maildircrypt;
    const std::string input =
        "LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<a@x.test>\r\n" + std::string{as_text({data, size})};
    const auto whole = lmtp::run(input, input.size());
    for (const std::size_t piece : {1U, 2U, 3U, 7U})
        if (lmtp::run(input, piece) != whole) std::abort();
    return 0;
}
