#include "seal/encryption_judge.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

const std::filesystem::path forgeries = "tests/forgeries";

std::string read(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    BOOST_REQUIRE_MESSAGE(file.good(), "cannot read " << path << " (run from the project's root)");
    return {std::istreambuf_iterator<char>{file}, {}};
}

Fingerprint recipient() {
    const std::string hex = read(forgeries / "RECIPIENT");
    Fingerprint fingerprint;
    for (std::size_t i = 0; i < fingerprint.size(); ++i)
        fingerprint[i] = static_cast<std::uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
    return fingerprint;
}

bool is_encrypted(const std::string& message, std::vector<std::vector<Fingerprint>> recipients,
                  std::size_t piece) {
    HeaderScanner scanner;
    scanner.finish(message);
    const auto judge = judge_claim(
        split_fields(std::string_view{message}.substr(0, scanner.length())), std::move(recipients));
    if (!judge) return false;
    std::string_view body =
        std::string_view{message}.substr(scanner.length() + scanner.separator());
    for (; !body.empty(); body.remove_prefix(std::min(piece, body.size())))
        judge->write(body.substr(0, piece));
    return judge->is_encrypted_to_all();
}

std::vector<std::filesystem::path> messages(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator{folder})
        if (entry.path().extension() == ".eml") found.push_back(entry.path());
    return found;
}

void check_every_prefix(const std::string& message, std::size_t whole) {
    for (std::size_t size = 0; size < whole; ++size)
        BOOST_TEST(!is_encrypted(message.substr(0, size), {{recipient()}}, 65536));
    BOOST_TEST(is_encrypted(message.substr(0, whole), {{recipient()}}, 65536));
}

constexpr std::size_t pieces[] = {1, 7, 100, 65536};

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_encryption_judge)

BOOST_AUTO_TEST_CASE(genuine_messages_are_recognised) {
    const auto found = messages(forgeries / "genuine");
    BOOST_TEST(found.size() >= 14U);
    for (const auto& path : found)
        for (const auto piece : pieces)
            BOOST_TEST(is_encrypted(read(path), {{recipient()}}, piece), path << " by " << piece);
}

BOOST_AUTO_TEST_CASE(forgeries_are_not) {
    const auto found = messages(forgeries);
    BOOST_TEST(found.size() >= 75U);
    for (const auto& path : found)
        for (const auto piece : pieces)
            BOOST_TEST(!is_encrypted(read(path), {{recipient()}}, piece), path << " by " << piece);
}

BOOST_AUTO_TEST_CASE(every_recipient_must_be_named) {
    const std::string message = read(forgeries / "genuine" / "plain.eml");
    Fingerprint other = recipient();
    other.back() ^= 1;
    BOOST_TEST(!is_encrypted(message, {{other}}, 65536));
    BOOST_TEST(!is_encrypted(message, {{recipient()}, {other}}, 65536));
    BOOST_TEST(is_encrypted(message, {{recipient()}, {other, recipient()}}, 65536));
    BOOST_TEST(!is_encrypted(message, {}, 65536));
    BOOST_TEST(!is_encrypted(message, {{}}, 65536));
}

BOOST_AUTO_TEST_CASE(no_message_cut_short_is_recognised) {
    const std::string pgp = read(forgeries / "genuine" / "plain.eml");
    check_every_prefix(pgp, pgp.find("\n--b1--") + 7);
    const std::string smime = read(forgeries / "genuine" / "smime-der.eml");
    check_every_prefix(smime, smime.size() - 1);
    const std::string indefinite = read(forgeries / "genuine" / "smime-authenticated.eml");
    check_every_prefix(indefinite, indefinite.size() - 1);
}

BOOST_AUTO_TEST_SUITE_END()
