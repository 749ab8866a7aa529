/// What a message says about its encryption is judged alike in one piece and octet by octet; its
/// Content-Type is never read beyond its end.
#include "base/bytes.hpp"
#include "seal/cms_judge.hpp"
#include "seal/content_type.hpp"
#include "seal/encryption_judge.hpp"
#include "seal/header.hpp"
#include "seal/packet_judge.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace {

using namespace maildircrypt;

bool judge_message(std::string_view message, std::size_t piece) {
    HeaderScanner scanner;
    scanner.finish(message);
    const auto fields = split_fields(message.substr(0, scanner.length()));
    for (const HeaderField& field : fields) {
        const auto type = parse_content_type(field.value);
        if (type && type->subtype_end > field.value.size()) std::abort();
    }
    const auto judge = judge_claim(fields, {{Fingerprint{}}});
    if (!judge) return false;
    auto body = message.substr(scanner.length() + scanner.separator());
    for (; !body.empty(); body.remove_prefix(std::min(piece, body.size())))
        judge->write(body.substr(0, piece));
    return judge->is_encrypted_to_all();
}

template <class Judge>
void feed(Judge& judge, Octets octets, std::size_t piece) {
    for (; !octets.empty(); octets = octets.subspan(std::min(piece, octets.size())))
        judge.write(octets.first(std::min(piece, octets.size())));
}

bool judge_packets(Octets octets, std::size_t piece) {
    PacketJudge judge{{{Fingerprint{}}}};
    feed(judge, octets, piece);
    return judge.is_encrypted_to_all();
}

bool judge_cms(Octets octets, std::size_t piece) {
    CmsJudge judge;
    feed(judge, octets, piece);
    return judge.is_encrypted();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Octets octets{data, size};
    constexpr std::size_t whole = SIZE_MAX;
    if (judge_message(as_text(octets), whole) != judge_message(as_text(octets), 1)) std::abort();
    if (judge_packets(octets, whole) != judge_packets(octets, 1)) std::abort();
    if (judge_cms(octets, whole) != judge_cms(octets, 1)) std::abort();
    return 0;
}
