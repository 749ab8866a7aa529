#include "tests/unit/support/sealing.hpp"

#include <stdexcept>

namespace maildircrypt::test {
namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what);
}

/// RFC 3156 §4 as we write it. Written down here again, so that a change is noticed.
std::string frame_head(const std::string& boundary) {
    return "This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)\n--" + boundary +
           "\nContent-Type: application/pgp-encrypted\n"
           "Content-Description: PGP/MIME version identification\n\nVersion: 1\n\n--" +
           boundary +
           "\nContent-Type: application/octet-stream; name=\"encrypted.asc\"\n"
           "Content-Description: OpenPGP encrypted message\n"
           "Content-Disposition: inline; filename=\"encrypted.asc\"\n\n";
}

std::string with(std::string_view text, LineEnd line_end) {
    std::string result;
    for (const char c : text) {
        if (c == '\n' && line_end == LineEnd::crlf) result += '\r';
        result += c;
    }
    return result;
}

std::string boundary_of(const OuterHeader& outer) {
    constexpr std::string_view mark = "boundary=\"";
    const std::string& type = outer.fields.back().text;
    const std::size_t at = type.find(mark);
    if (at == type.npos) fail("the last field has no boundary");
    const std::size_t start = at + mark.size();
    return type.substr(start, type.find('"', start) - start);
}

const CryptoContext& context() {
    static const auto made = CryptoContext::create();
    return made.value();
}

}  // namespace

RecipientKeys recipient_with(const KeyPair& pair) {
    RecipientKeys keys;
    keys.state = KeyState::sealable;
    keys.plan.seal_to.push_back(pair.key);
    keys.plan.recognise.push_back(pair.key.fingerprint);
    keys.log = {7, "0123abcd"};
    return keys;
}

Result<void> CollectingOutput::header(const OuterHeader& header) {
    outer = header;
    ++headers;
    return {};
}

Result<void> CollectingOutput::body(Deliverable piece) {
    if (headers != 1) fail("body before header");
    body_text += piece.text();
    return {};
}

SealedMessage seal(std::string_view message, std::vector<RecipientKeys> recipients,
                   const SealOptions& options, const PieceSize& piece_size) {
    SpillBudget budget{1 << 20, "/tmp"};
    SealedMessage sealed;
    Sealer sealer{context(), std::move(recipients), options, budget, sealed.output};
    while (!message.empty()) {
        const std::string_view piece = message.substr(0, piece_size());
        if (auto done = sealer.write(piece); !done) fail(done.error().what);
        message.remove_prefix(piece.size());
    }
    const auto outcome = sealer.finish();
    if (!outcome) fail(outcome.error().what);
    sealed.outcome = *outcome;
    if (sealed.outcome == SealOutcome::already_encrypted && options.keep_original) {
        CollectingOutput original;
        if (auto done = sealer.replay_original(original); !done) fail(done.error().what);
        sealed.replayed = original.text();
    }
    return sealed;
}

std::string_view armour_of(const CollectingOutput& output, LineEnd line_end) {
    const std::string boundary = boundary_of(output.outer);
    const std::string head = with(frame_head(boundary), line_end);
    const std::string tail = with("\n--" + boundary + "--\n", line_end);
    std::string_view armour = output.body_text;
    if (!armour.starts_with(head)) fail("the frame in front of the armour is another");
    armour.remove_prefix(head.size());
    if (!armour.ends_with(tail)) fail("the frame behind the armour is another");
    armour.remove_suffix(tail.size());
    return armour;
}

}  // namespace maildircrypt::test
