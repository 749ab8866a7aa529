/// What the next hop says is read the same however it is cut; what is handed back is always one
/// clean line, and accepts only where the next hop did.
#include "base/bytes.hpp"
#include "pipe/lmtp_client.hpp"
#include "pipe/lmtp_reply_reader.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

namespace maildircrypt::lmtp {
namespace {

void check(const Reply& said) {
    const Reply handed = hand_back(said);
    const std::string line = handed.render();
    if (handed.accepts() && !said.accepts()) std::abort();
    if (handed.code / 100 != 2 && handed.code / 100 != 4 && handed.code / 100 != 5) std::abort();
    if (handed.enhanced.empty() || handed.enhanced.front() != line.front()) std::abort();
    const auto is_clean = [](char c) { return c >= ' ' && c <= '~'; };
    if (!line.ends_with("\r\n") || !std::all_of(line.begin(), line.end() - 2, is_clean))
        std::abort();
}

std::vector<std::string> read(std::string_view input, std::size_t piece_size) {
    ReplyReader reader;
    std::vector<std::string> replies;
    for (; !input.empty(); input.remove_prefix(std::min(piece_size, input.size()))) {
        std::string_view piece = input.substr(0, piece_size);
        while (!piece.empty()) {
            const auto reply = reader.next(piece);
            if (!reply) return replies;
            if (!*reply) continue;
            (void)read_capabilities(**reply);
            check((*reply)->summary());
            replies.push_back((*reply)->summary().render());
        }
    }
    return replies;
}

}  // namespace
}  // namespace maildircrypt::lmtp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace maildircrypt;
    const std::string_view input = as_text({data, size});
    const auto whole = lmtp::read(input, input.size());
    for (const std::size_t piece : {1U, 3U})
        if (lmtp::read(input, piece) != whole) std::abort();
    return 0;
}
