// Judges and parsers under mutated input: the sanitizer build sees what they do to memory.
#include "seal/cms_judge.hpp"
#include "seal/content_type.hpp"
#include "seal/encryption_judge.hpp"
#include "seal/header.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

std::string read(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    BOOST_REQUIRE_MESSAGE(file.good(), "cannot read " << path << " (run from the project's root)");
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::vector<std::string> genuine_messages() {
    std::vector<std::string> messages;
    for (const auto& entry : std::filesystem::directory_iterator{"tests/forgeries/genuine"})
        if (entry.path().extension() == ".eml") messages.push_back(read(entry.path()));
    std::sort(messages.begin(), messages.end());
    return messages;
}

/// The same in every run.
class Mutator {
public:
    std::size_t below(std::size_t limit) { return random_() % limit; }

    /// Changes, inserts, removes, doubles or cuts.
    void mutate(std::string& text) {
        if (text.empty()) return text.push_back(octet());
        const std::size_t at = below(text.size());
        switch (below(6)) {
            case 0:
                text[at] = octet();
                return;
            case 1:
                text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
                return;
            case 2:
                text.insert(at, 1, octet());
                return;
            case 3:
                text.erase(at, 1 + below(8));
                return;
            case 4:
                text.insert(at, text.substr(at, below(64)));
                return;
            default:
                if (below(4) == 0) text.resize(at);
        }
    }

private:
    char octet() { return static_cast<char>(random_()); }
    std::mt19937 random_{20260105};
};

bool judge_message(const std::string& message, std::size_t piece) {
    HeaderScanner scanner;
    scanner.finish(message);
    const auto judge = judge_claim(
        split_fields(std::string_view{message}.substr(0, scanner.length())), {{Fingerprint{}}});
    if (!judge) return false;
    auto body = std::string_view{message}.substr(scanner.length() + scanner.separator());
    for (; !body.empty(); body.remove_prefix(std::min(piece, body.size())))
        judge->write(body.substr(0, piece));
    return judge->is_encrypted_to_all();
}

bool judge_cms(const std::string& octets, std::size_t piece) {
    CmsJudge judge;
    for (Octets rest = as_octets(octets); !rest.empty();) {
        const std::size_t count = std::min(piece, rest.size());
        judge.write(rest.first(count));
        rest = rest.subspan(count);
    }
    return judge.is_encrypted();
}

std::string from_octets(std::initializer_list<int> octets) {
    std::string text;
    for (const int octet : octets) text.push_back(static_cast<char>(octet));
    return text;
}

std::string value(int tag, const std::string& content) {
    return from_octets({tag, 0x82, static_cast<int>(content.size() >> 8U),
                        static_cast<int>(content.size() & 0xFFU)}) +
           content;
}

/// A small EnvelopedData, RFC 5652 §6.1.
std::string enveloped(const std::string& encrypted) {
    const std::string data = from_octets({0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1});
    const std::string type = from_octets({0x06, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 3});
    const std::string recipients = value(0x31, value(0x30, value(0x04, "recipient")));
    const std::string content =
        value(0x30, data + value(0x30, value(0x06, "algorithm")) + value(0x80, encrypted));
    return value(0x30,
                 type + value(0xA0, value(0x30, from_octets({2, 1, 0}) + recipients + content)));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_mutations)

BOOST_AUTO_TEST_CASE(judges_give_one_verdict_whatever_the_pieces) {
    Mutator mutator;
    const auto messages = genuine_messages();
    BOOST_REQUIRE(messages.size() >= 14U);
    for (int round = 0; round < 3000; ++round) {
        std::string message = messages[mutator.below(messages.size())];
        for (std::size_t changes = mutator.below(6); changes > 0; --changes)
            mutator.mutate(message);
        const bool verdict = judge_message(message, std::string::npos);
        BOOST_TEST(judge_message(message, 1) == verdict);
        BOOST_TEST(judge_message(message, 1 + mutator.below(200)) == verdict);
    }
}

BOOST_AUTO_TEST_CASE(the_cms_judge_gives_one_verdict_whatever_the_octets) {
    Mutator mutator;
    const std::string genuine = enveloped(std::string(300, 'e'));
    BOOST_TEST(judge_cms(genuine, 100000));
    int taken = 0;
    for (int round = 0; round < 30000; ++round) {
        std::string octets = genuine;
        for (std::size_t changes = 1 + mutator.below(3); changes > 0; --changes)
            mutator.mutate(octets);
        const bool verdict = judge_cms(octets, 100000);
        if (verdict) ++taken;
        BOOST_TEST(judge_cms(octets, 1) == verdict);
    }
    BOOST_TEST(taken > 0);  // a change within the encrypted octets is none of ours
    BOOST_TEST(taken < 30000);
}

BOOST_AUTO_TEST_CASE(cms_lengths_that_lie_are_not_believed) {
    const std::string genuine = enveloped(std::string(300, 'e'));
    for (std::size_t size = 0; size < genuine.size(); ++size)
        BOOST_TEST(!judge_cms(genuine.substr(0, size), 100000));
    BOOST_TEST(!judge_cms(genuine + '\0', 100000));
    BOOST_TEST(!judge_cms(genuine + genuine, 100000));
    BOOST_TEST(!judge_cms(enveloped(""), 100000));
    // Nine length octets, all of eight set, a length of lengths that is reserved.
    for (const auto& start : {from_octets({0x30, 0x89, 1, 0, 0, 0, 0, 0, 0, 0, 0}),
                              from_octets({0x30, 0x88, 255, 255, 255, 255, 255, 255, 255, 255}),
                              from_octets({0x30, 0xFF}), from_octets({0x3F, 0x80})})
        BOOST_TEST(!judge_cms(start + genuine, 100000));
    // Nested without end.
    std::string nested;
    for (int i = 0; i < 100000; ++i) nested += from_octets({0x30, 0x80});
    BOOST_TEST(!judge_cms(nested, 100000));
    BOOST_TEST(!judge_cms(nested + std::string(200000, '\0'), 7));
}

BOOST_AUTO_TEST_CASE(content_types_are_read_or_refused_and_never_beyond_their_end) {
    Mutator mutator;
    const std::string values[] = {
        " (a (nested) comment) Text/HTML (x); charset=utf-8; NAME=\"a \\\"b\\\"\r\n c\" ;",
        "multipart/signed; protocol=\"application/pgp-signature\"; micalg=pgp-sha256; "
        "boundary=\"x\"",
        "application/pkcs7-mime; smime-type=enveloped-data; name*0=\"smime\"; name*1=.p7m",
        "multipart/encrypted;\r\n\tprotocol=\"application/pgp-encrypted\"; boundary==_b"};
    for (int round = 0; round < 30000; ++round) {
        std::string text = values[mutator.below(std::size(values))];
        for (std::size_t changes = 1 + mutator.below(5); changes > 0; --changes)
            mutator.mutate(text);
        // Exactly as long as its memory, so that the sanitizer sees the octet behind.
        const std::vector<char> exact{text.begin(), text.end()};
        const auto type = parse_content_type({exact.data(), exact.size()});
        if (!type) continue;
        BOOST_TEST(type->subtype_end > 0U);
        BOOST_TEST(type->subtype_end <= text.size());
        const auto again = parse_content_type(text);
        BOOST_REQUIRE(bool(again));
        BOOST_TEST(again->well_formed == type->well_formed);
    }
}

BOOST_AUTO_TEST_SUITE_END()
