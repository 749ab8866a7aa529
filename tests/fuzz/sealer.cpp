/// Any message, cut into any pieces, is sealed and opens to the same octets, or passes unchanged
/// because it is already encrypted.
#include "seal/sealer.hpp"

#include "admin/undo.hpp"
#include "seal/ascii.hpp"
#include "seal/provenance.hpp"
#include "tests/unit/pgp_reader.hpp"
#include "tests/unit/support/sealing.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

namespace {

using namespace maildircrypt;
using namespace maildircrypt::test;

/// The first octet of an input chooses, so that the fuzzer reaches every kind of output.
SealOptions options_of(unsigned char choice) {
    SealOptions options;
    options.host = "mx.sealed.test";
    options.line_end = (choice & 1U) != 0 ? LineEnd::lf : LineEnd::crlf;
    options.encryption.compression = (choice & 2U) != 0 ? Compression::zlib : Compression::none;
    options.encryption.padding = (choice & 4U) != 0 ? Padding::none : Padding::padme;
    options.encryption.seipd2 = (choice & 8U) != 0;
    options.encryption.anonymous = (choice & 16U) != 0;
    options.encryption.never_shorter = (choice & 32U) != 0;
    return options;
}

void check(std::string_view input) {
    const KeyPair& key = key_of(Kind::cv25519);
    const SealOptions options = options_of(static_cast<unsigned char>(input.at(0)));
    const std::size_t piece = 1 + static_cast<unsigned char>(input.at(1)) * 17U;
    input.remove_prefix(2);

    RecipientKeys recipient = recipient_with(key);
    recipient.plan.seal_to.front().seipd2 = true;
    const SealedMessage sealed = seal(input, {recipient}, options, [piece] { return piece; });
    if (sealed.outcome == SealOutcome::already_encrypted) {
        const bool marked = fold_ascii(input).find("maildircrypt-provenance") != input.npos;
        if (!sealed.replayed.starts_with(provenance_name)) std::abort();
        const std::string_view rest =
            std::string_view{sealed.replayed}.substr(sealed.replayed.find('\n') + 1);
        if (!marked && rest != input) std::abort();
        return;
    }
    const auto armour = armour_of(sealed.output, options.line_end);
    if (options.encryption.never_shorter && armour.size() < input.size()) std::abort();
    const Opened opened = open_message(armour, key, text_of(options.line_end));
    const auto original = undo_sealing(opened.text);
    if (!original || std::string{original->begin(), original->end()} != input) std::abort();
}

}  // namespace

/// What the helpers throw is a failure and ends the fuzzer.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size >= 2) check(as_text({data, size}));
    return 0;
}
