// The tests of the whole encryptor, without gpg: tests/interop has the other implementations.
#define OPENSSL_SUPPRESS_DEPRECATED  // RAND_set_rand_method: the one way to make OpenSSL's fail

#include "base/secret.hpp"
#include "seal/encryptor.hpp"
#include "seal/padding.hpp"
#include "seal/random.hpp"
#include "tests/unit/pgp_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>

#include <boost/test/unit_test.hpp>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

constexpr std::size_t sizes[] = {0,    1,    191,  192,  511,  512,   513,   8185,  8186,   8187,
                                 8191, 8192, 8193, 8383, 8384, 16384, 65535, 65536, 1000000};

struct Collector : Sink {
    std::string text;
    std::size_t writes = 0;
    std::size_t fail_at = std::size_t(-1);
    Result<void> write(std::string_view piece) override {
        if (writes++ == fail_at) return retry("disk full");
        text += piece;
        return {};
    }
};

const CryptoContext& context() {
    static const CryptoContext made = CryptoContext::create().value();
    return made;
}

/// Looks random, is the same in every run.
std::string noise(std::size_t size) {
    std::string text(size, 0);
    std::uint64_t state = 0x9E3779B97F4A7C15U + size;
    for (char& octet : text) {
        state ^= state << 13U;
        state ^= state >> 7U;
        state ^= state << 17U;
        octet = static_cast<char>(state >> 56U);
    }
    return text;
}

std::string encrypt(std::span<const EncryptionKey> keys, std::string_view text,
                    const EncryptionOptions& options = {}, std::size_t piece = 65536) {
    Collector out;
    auto encryptor = Encryptor::start(context(), keys, options, out);
    BOOST_REQUIRE_MESSAGE(encryptor, (encryptor ? "" : encryptor.error().what));
    for (std::size_t at = 0; at < text.size(); at += piece)
        BOOST_REQUIRE((*encryptor)->write(text.substr(at, piece)));
    BOOST_REQUIRE((*encryptor)->finish());
    return out.text;
}

std::string encrypt(const KeyPair& pair, std::string_view text,
                    const EncryptionOptions& options = {}, std::size_t piece = 65536) {
    return encrypt({&pair.key, 1}, text, options, piece);
}

EncryptionOptions without_padding() {
    EncryptionOptions options;
    options.padding = Padding::none;
    return options;
}

std::size_t deflated_size(const Opened& opened) {
    return opened.compressed.body.size() - 1;
}

void check_framing(const Packet& packet) {
    for (const std::size_t piece : packet.partial) BOOST_TEST(piece == 8192U);
    BOOST_TEST(packet.last >= 1U);
    BOOST_TEST(packet.last <= 8192U);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_encryptor)

BOOST_AUTO_TEST_CASE(every_kind_of_key_opens_what_was_sealed) {
    for (const Kind kind : all_kinds)
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{10000}}) {
            const std::string text = noise(size);
            BOOST_TEST((open_message(encrypt(key_of(kind), text), key_of(kind)).text == text),
                       kind << " " << size);
        }
}

BOOST_AUTO_TEST_CASE(every_hash_and_wrap_of_a_subkey_is_obeyed) {
    for (const Kind kind : {Kind::cv25519, Kind::p521})
        for (const int hash : {8, 9, 10})
            for (const int wrap : {7, 8, 9}) {
                const KeyPair pair = make_key(kind, hash, wrap);
                BOOST_TEST(open_message(encrypt(pair, "text"), pair).text == "text");
            }
}

BOOST_AUTO_TEST_CASE(every_size_and_piece_comes_back) {
    for (const Compression compression : {Compression::none, Compression::zlib})
        for (const Padding padding : {Padding::none, Padding::padme})
            for (const std::size_t size : sizes) {
                const std::string text = noise(size);
                EncryptionOptions options;
                options.padding = padding;
                options.compression = compression;
                for (const std::size_t piece : {std::size_t{4093}, std::size_t{2000000}}) {
                    const Opened opened =
                        open_message(encrypt(key_of(Kind::cv25519), text, options, piece),
                                     key_of(Kind::cv25519));
                    BOOST_TEST((opened.text == text), size);
                    check_framing(opened.packets.back());
                    check_framing(opened.compressed);
                    check_framing(opened.literal);
                }
            }
}

BOOST_AUTO_TEST_CASE(single_octets_and_empty_pieces_are_pieces) {
    const std::string text = noise(20000);
    BOOST_TEST(
        (open_message(encrypt(key_of(Kind::cv25519), text, {}, 1), key_of(Kind::cv25519)).text ==
         text));
    Collector out;
    auto encryptor = Encryptor::start(context(), {&key_of(Kind::cv25519).key, 1}, {}, out);
    BOOST_REQUIRE(encryptor);
    for (const char* piece : {"", "a", "", "b", ""}) BOOST_TEST(bool((*encryptor)->write(piece)));
    BOOST_TEST(bool((*encryptor)->finish()));
    BOOST_TEST(open_message(out.text, key_of(Kind::cv25519)).text == "ab");
}

BOOST_AUTO_TEST_CASE(lengths_are_definite_when_the_content_fits_one_piece) {
    // 6 octets of literal header: 8186 of text fill one piece of 8192.
    const auto literal = [](std::size_t size) {
        return open_message(encrypt(key_of(Kind::cv25519), noise(size)), key_of(Kind::cv25519))
            .literal;
    };
    BOOST_TEST(literal(0).partial.size() == 0U);
    BOOST_TEST(literal(8186).partial.size() == 0U);
    BOOST_TEST(literal(8186).last == 8192U);
    BOOST_TEST(literal(8187).partial.size() == 1U);
    BOOST_TEST(literal(8187).last == 1U);
    BOOST_TEST(literal(2 * 8192 - 6).partial.size() == 1U);
    BOOST_TEST(literal(2 * 8192 - 6).last == 8192U);

    const Opened small = open_message(encrypt(key_of(Kind::cv25519), ""), key_of(Kind::cv25519));
    BOOST_TEST(small.packets.back().partial.size() == 0U);
    BOOST_TEST(small.compressed.partial.size() == 0U);
}

BOOST_AUTO_TEST_CASE(lines_end_as_asked) {
    EncryptionOptions options;
    options.line_end = LineEnd::lf;
    const std::string text = noise(5000);
    BOOST_TEST(
        (open_message(encrypt(key_of(Kind::cv25519), text, options), key_of(Kind::cv25519), "\n")
             .text == text));
    BOOST_CHECK_THROW(
        open_message(encrypt(key_of(Kind::cv25519), text), key_of(Kind::cv25519), "\n"),
        std::runtime_error);
}

BOOST_AUTO_TEST_CASE(base64_ends_in_none_one_and_two_equal_signs_and_in_full_lines) {
    std::set<std::size_t> endings;
    bool full_last_line = false;
    for (std::size_t size = 0; size < 60; ++size) {
        const std::string armour = encrypt(key_of(Kind::cv25519), noise(size), without_padding());
        BOOST_TEST((open_message(armour, key_of(Kind::cv25519)).text == noise(size)));
        const std::size_t check = armour.rfind("\r\n=");
        const std::size_t line = armour.rfind("\r\n", check - 1) + 2;
        endings.insert(check - 1 - armour.find_last_not_of('=', check - 1));
        full_last_line = full_last_line || check - line == 76;
    }
    BOOST_TEST((endings == std::set<std::size_t>{0, 1, 2}));
    BOOST_TEST(full_last_line);
}

BOOST_AUTO_TEST_CASE(padded_lengths_are_padme_lengths) {
    for (const Compression compression : {Compression::none, Compression::zlib})
        for (std::size_t size = 0; size < 3000; size += 7) {
            EncryptionOptions options;
            options.compression = compression;
            const Opened opened = open_message(encrypt(key_of(Kind::cv25519), noise(size), options),
                                               key_of(Kind::cv25519));
            BOOST_TEST(deflated_size(opened) == padme(deflated_size(opened)));
        }
}

BOOST_AUTO_TEST_CASE(padding_is_what_the_unpadded_length_says) {
    for (const std::size_t size : sizes) {
        const std::string text = noise(size);
        const KeyPair& pair = key_of(Kind::cv25519);
        const std::size_t bare =
            deflated_size(open_message(encrypt(pair, text, without_padding()), pair));
        const std::size_t padded = deflated_size(open_message(encrypt(pair, text), pair));
        BOOST_TEST(padded == padme(bare + 20));
    }
}

BOOST_AUTO_TEST_CASE(sizes_show_only_padme_lengths) {
    std::set<std::size_t> seen;
    for (std::size_t size = 9000; size < 9400; ++size)
        seen.insert(encrypt(key_of(Kind::cv25519), noise(size)).size());
    BOOST_TEST(seen.size() <= 3U);  // steps of 2^(13-4) octets
}

BOOST_AUTO_TEST_CASE(compression_compresses) {
    const std::string text(1000000, 'a');
    EncryptionOptions options;
    options.compression = Compression::zlib;
    const std::string armour = encrypt(key_of(Kind::cv25519), text, options);
    BOOST_TEST(armour.size() < 10000U);
    BOOST_TEST((open_message(armour, key_of(Kind::cv25519)).text == text));
}

BOOST_AUTO_TEST_CASE(each_of_several_recipients_opens_the_message_and_a_stranger_does_not) {
    std::vector<EncryptionKey> keys;
    for (const Kind kind : all_kinds) keys.push_back(key_of(kind).key);
    const std::string text = noise(3000);
    for (const bool anonymous : {false, true}) {
        EncryptionOptions options;
        options.anonymous = anonymous;
        const std::string armour = encrypt(keys, text, options);
        for (const Kind kind : all_kinds)
            BOOST_TEST((open_message(armour, key_of(kind)).text == text));
        const KeyPair stranger = make_key(Kind::cv25519);
        BOOST_CHECK_THROW(open_message(armour, stranger), std::runtime_error);
    }
}

BOOST_AUTO_TEST_CASE(anonymous_messages_name_no_key) {
    EncryptionOptions options;
    options.anonymous = true;
    const KeyPair& pair = key_of(Kind::cv25519);
    const auto packets = split_packets(dearmour(encrypt(pair, "x", options), "\r\n"));
    BOOST_TEST(packets.at(0).tag == 1);
    const auto& body = packets[0].body;
    BOOST_TEST((OctetString{body.begin() + 1, body.begin() + 9} == OctetString(8, 0)));
}

BOOST_AUTO_TEST_CASE(every_message_has_its_own_secrets) {
    const KeyPair& pair = key_of(Kind::cv25519);
    const Opened first = open_message(encrypt(pair, "same"), pair);
    const Opened second = open_message(encrypt(pair, "same"), pair);
    BOOST_TEST((first.session_key != second.session_key));
    BOOST_TEST((first.packets[0].body != second.packets[0].body));
    const std::vector<EncryptionKey> twice{key_of(Kind::rsa2048).key, key_of(Kind::rsa2048).key};
    const auto packets = split_packets(dearmour(encrypt(twice, "same"), "\r\n"));
    BOOST_TEST((packets.at(0).body != packets.at(1).body));  // fresh RSA padding for each
}

BOOST_AUTO_TEST_CASE(a_changed_octet_is_noticed) {
    const KeyPair& pair = key_of(Kind::cv25519);
    auto packets = split_packets(dearmour(encrypt(pair, "some text"), "\r\n"));
    const OctetString session_key = open_pkesk(packets[0], pair);
    BOOST_CHECK_NO_THROW(open_seipd(packets[1], session_key));
    for (std::size_t at = 1; at < packets[1].body.size(); ++at) {
        Packet changed = packets[1];
        changed.body[at] ^= 1U;
        BOOST_CHECK_THROW(open_seipd(changed, session_key), std::runtime_error);
    }
}

BOOST_AUTO_TEST_CASE(no_key_is_an_error) {
    Collector out;
    const auto encryptor = Encryptor::start(context(), {}, {}, out);
    BOOST_REQUIRE(!encryptor);
    BOOST_TEST((encryptor.error().fate == Fate::retry));
    BOOST_TEST(out.text.empty());
}

BOOST_AUTO_TEST_CASE(a_bad_key_among_good_ones_stops_the_message) {
    EncryptionKey wrong_fingerprint = key_of(Kind::cv25519).key;
    wrong_fingerprint.fingerprint[0] ^= 1U;
    EncryptionKey broken = key_of(Kind::cv25519).key;
    broken.packet.pop_back();
    for (const EncryptionKey& bad : {wrong_fingerprint, broken, EncryptionKey{}}) {
        const std::vector<EncryptionKey> keys{key_of(Kind::p256).key, bad};
        Collector out;
        const auto encryptor = Encryptor::start(context(), keys, {}, out);
        BOOST_REQUIRE(!encryptor);
        BOOST_TEST((encryptor.error().fate == Fate::retry));
        BOOST_TEST(out.text.empty());
    }
}

BOOST_AUTO_TEST_CASE(an_output_that_fails_closes_the_encryptor) {
    for (std::size_t fail_at = 0; fail_at < 4; ++fail_at) {
        Collector out;
        out.fail_at = fail_at;
        auto encryptor = Encryptor::start(context(), {&key_of(Kind::cv25519).key, 1}, {}, out);
        if (!encryptor) continue;
        Result<void> result;
        for (int i = 0; i < 10 && result; ++i) result = (*encryptor)->write(noise(8000));
        BOOST_TEST(!result);
        BOOST_TEST(result.error().what == "disk full");
        const std::size_t writes = out.writes;
        BOOST_TEST(!(*encryptor)->write("more"));
        BOOST_TEST(!(*encryptor)->finish());
        BOOST_TEST(out.writes == writes);
    }
}

BOOST_AUTO_TEST_CASE(nothing_can_be_written_behind_the_end) {
    Collector out;
    auto encryptor = Encryptor::start(context(), {&key_of(Kind::cv25519).key, 1}, {}, out);
    BOOST_REQUIRE((*encryptor)->finish());
    const std::string text = out.text;
    BOOST_TEST(!(*encryptor)->write("more"));
    BOOST_TEST(!(*encryptor)->finish());
    BOOST_TEST(out.text == text);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

int allowed_draws = 0;
int draws = 0;

bool kernel_fails = false;

int draw(unsigned char* buffer, int size) {
    if (draws++ >= allowed_draws) return 0;
    std::fill_n(buffer, size, static_cast<unsigned char>(0x42 + draws));
    return 1;
}

int healthy() {
    return 1;
}

}  // namespace

/// Stands before libc's, whose callers are fill_random() and OpenSSL.
extern "C" ssize_t getrandom(void* buffer, size_t size, unsigned flags) {
    if (!kernel_fails) return ::syscall(SYS_getrandom, buffer, size, flags);
    errno = ENOSYS;
    return draw(static_cast<unsigned char*>(buffer), static_cast<int>(size)) == 1
               ? static_cast<ssize_t>(size)
               : -1;
}

namespace {

/// The kernel's generator and OpenSSL's, which draws for itself for some kinds of keys, give out
/// `draws_before` results and then only failures.
class FailingRandomness {
public:
    explicit FailingRandomness(int draws_before) {
        allowed_draws = draws_before;
        draws = 0;
        kernel_fails = true;
        RAND_set_rand_method(&method_);
    }
    ~FailingRandomness() {
        RAND_set_rand_method(nullptr);
        kernel_fails = false;
    }
    FailingRandomness(const FailingRandomness&) = delete;
    FailingRandomness& operator=(const FailingRandomness&) = delete;

private:
    RAND_METHOD method_{nullptr, draw, nullptr, nullptr, draw, healthy};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_encryptor_faults)

BOOST_AUTO_TEST_CASE(without_randomness_nothing_is_written) {
    for (const Kind kind : {Kind::cv25519, Kind::p256, Kind::bp512, Kind::rsa2048}) {
        const KeyPair& pair = key_of(kind);
        int before = 0;
        for (;; ++before) {
            BOOST_REQUIRE(before < 50);
            Collector out;
            const FailingRandomness failing{before};
            const auto encryptor = Encryptor::start(context(), {&pair.key, 1}, {}, out);
            if (encryptor) break;
            BOOST_TEST((encryptor.error().fate == Fate::retry));
            BOOST_TEST(out.writes == 0U);
        }
        BOOST_TEST(before >= 3, kind << " draws session key, key agreement or padding, prefix");
    }
}

BOOST_AUTO_TEST_CASE(failing_randomness_leaves_zeros) {
    std::array<std::uint8_t, 64> octets;
    octets.fill(0xAA);
    BOOST_TEST(bool(fill_random(octets)));
    BOOST_TEST(std::ranges::count(octets, 0xAA) < 16);
    const FailingRandomness failing{0};
    const auto filled = fill_random(octets);
    BOOST_REQUIRE(!filled);
    BOOST_TEST((filled.error().fate == Fate::retry));
    BOOST_TEST(std::ranges::count(octets, 0) == 64);
}

BOOST_AUTO_TEST_CASE(a_check_without_randomness_does_not_blame_the_key) {
    for (const Kind kind : {Kind::cv25519, Kind::p256}) {
        const FailingRandomness failing{0};
        const auto checked = check_encryption_key(key_of(kind).key.packet);
        BOOST_REQUIRE(!checked);
        BOOST_TEST((checked.error().fate == Fate::retry));
    }
}

BOOST_AUTO_TEST_CASE(a_hundred_megabytes_leave_memory_flat) {
    struct Counter : Sink {
        std::size_t size = 0;
        Result<void> write(std::string_view piece) override {
            size += piece.size();
            return {};
        }
    } out;
    const auto resident_pages = [] {
        std::size_t total = 0;
        std::size_t resident = 0;
        std::ifstream{"/proc/self/statm"} >> total >> resident;
        return resident;
    };
    const std::string piece = noise(65536);
    for (const Compression compression : {Compression::none, Compression::zlib}) {
        EncryptionOptions options;
        options.compression = compression;
        auto encryptor = Encryptor::start(context(), {&key_of(Kind::cv25519).key, 1}, options, out);
        BOOST_REQUIRE(encryptor);
        BOOST_REQUIRE((*encryptor)->write(piece));
        const std::size_t before = resident_pages();
        const int pieces = compression == Compression::none ? 1600 : 160;
        for (int i = 0; i < pieces; ++i) BOOST_REQUIRE((*encryptor)->write(piece));
        BOOST_REQUIRE((*encryptor)->finish());
        const std::size_t after = resident_pages();
        BOOST_TEST(after <= before + 64);
    }
    BOOST_TEST(out.size > 100000000U);
}

#ifndef __SANITIZE_ADDRESS__  // whose heap lies elsewhere and keeps what was freed

namespace {

/// Sixteen octets that stand nowhere in the program's own memory until they are computed.
std::array<std::uint8_t, 16> make_marker() {
    std::array<std::uint8_t, 16> marker;
    for (std::size_t i = 0; i < marker.size(); ++i)
        marker[i] = static_cast<std::uint8_t>(0xA7U ^ (i * 29 + 3) ^ (getpid() & 0x7F));
    return marker;
}

/// How often the heap of this process holds `marker` (as it is now: stack and mappings not).
std::size_t count_in_heap(const std::array<std::uint8_t, 16>& marker) {
    std::ifstream maps{"/proc/self/maps"};
    std::ifstream memory{"/proc/self/mem", std::ios::binary};
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);) {
        if (line.find("[heap]") == std::string::npos) continue;
        const std::size_t from = std::stoul(line, nullptr, 16);
        const std::size_t to = std::stoul(line.substr(line.find('-') + 1), nullptr, 16);
        // A mapping of its own, so that the copy is not found in the heap that it is a copy of.
        void* copy =
            mmap(nullptr, to - from, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        BOOST_REQUIRE(copy != MAP_FAILED);
        auto* begin = static_cast<char*>(copy);
        memory.seekg(static_cast<std::streamoff>(from));
        memory.read(begin, static_cast<std::streamsize>(to - from));
        const Octets heap = as_octets({begin, to - from});
        for (auto at = heap.begin();; ++at, ++count) {
            at = std::search(at, heap.end(), marker.begin(), marker.end());
            if (at == heap.end()) break;
        }
        munmap(copy, to - from);
    }
    return count;
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_plaintext_stays_in_the_heap) {
    for (const Compression compression : {Compression::none, Compression::zlib}) {
        SecretArray<16> kept;
        const auto marker = make_marker();
        const std::size_t before = count_in_heap(marker);
        Collector out;
        out.text.reserve(1U << 20U);
        EncryptionOptions options;
        options.compression = compression;
        auto encryptor = Encryptor::start(context(), {&key_of(Kind::cv25519).key, 1}, options, out);
        BOOST_REQUIRE(encryptor);
        SecretText text;
        for (int i = 0; i < 1000; ++i) text.insert(text.end(), marker.begin(), marker.end());
        BOOST_REQUIRE((*encryptor)->write({text.data(), text.size()}));
        BOOST_TEST(count_in_heap(marker) > before);  // it is seen while it is there
        SecretText{}.swap(text);
        BOOST_REQUIRE((*encryptor)->finish());
        encryptor->reset();
        BOOST_TEST(count_in_heap(marker) == before);
    }
}

#endif

BOOST_AUTO_TEST_SUITE_END()
