/// bench_seal KEYS: how fast one process encrypts, against the floor and against peers, as JSON
/// lines. KEYS is a copy of what make_keys.py made: gpg writes to it.
#include "base/fd.hpp"
#include "seal/encryptor.hpp"
#include "seal/fingerprint.hpp"
#include "seal/sealer.hpp"
#include "tests/bench/bare_openssl.hpp"
#include "tests/bench/peers.hpp"
#include "tests/bench/rounds.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <span>

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

using namespace maildircrypt;
using namespace maildircrypt::bench;

namespace {

constexpr std::size_t message_size = 10000;
constexpr std::size_t large_size = 25 * 1000 * 1000;
constexpr std::size_t floor_piece = 8190;  // in cache, and whole groups of base64

const std::string mail_header =
    "Received: from out.example.net by mx.example.org; Mon, 5 Jan 2026 10:00:00 +0000\n"
    "From: Ada <ada@example.net>\nTo: user@example.org\nSubject: A subject line\n"
    "Date: Mon, 5 Jan 2026 10:00:00 +0000\nMessage-ID: <1@example.net>\n"
    "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n";

struct Counter : Sink {
    std::size_t size = 0;
    Result<void> write(std::string_view piece) override {
        size += piece.size();
        return {};
    }
};

struct Delivery : MessageOutput {
    std::size_t size = 0;
    Result<void> header(const OuterHeader& header) override {
        size += header.render().size();
        return {};
    }
    Result<void> body(Deliverable piece) override {
        size += piece.text().size();
        return {};
    }
};

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().what);
    return std::move(*result);
}

void must(const Result<void>& result) {
    if (!result) throw std::runtime_error(result.error().what);
}

std::string read_file(const std::string& path) {
    const Fd fd = must(open_file(path, O_RDONLY));
    return must(read_all(fd.get(), 1U << 20U, "read " + path));
}

/// The subkey's packet of an exported certificate (binary, old packet headers, as gpg writes them).
EncryptionKey subkey_of(Octets certificate) {
    while (certificate.size() > 3) {
        const unsigned head = certificate[0];
        const std::size_t width = std::size_t{1} << (head & 3U);
        std::size_t length = 0;
        for (const std::uint8_t octet : certificate.subspan(1, width))
            length = length * 256 + octet;
        const Octets body = certificate.subspan(1 + width, length);
        if ((head >> 2U & 15U) == 14)
            return {fingerprint_of(body), {body.begin(), body.end()}, 0, 0, false};
        certificate = certificate.subspan(1 + width + length);
    }
    throw std::runtime_error("no subkey");
}

OctetString dearmour(const std::string& armour) {
    std::string base64;
    const std::size_t start = armour.find("\n\n") + 2;
    for (const char c : armour.substr(start, armour.find("\n=") - start))
        if (c != '\n') base64 += c;
    OctetString octets(base64.size());
    const Octets in = as_octets(base64);
    octets.resize(static_cast<std::size_t>(
        EVP_DecodeBlock(octets.data(), in.data(), static_cast<int>(in.size()))));
    return octets;
}

/// QUICK=1: a glance.
bool quick() {
    const char* wish = std::getenv("QUICK");
    return wish != nullptr && *wish != '\0';
}

class Bench {
public:
    explicit Bench(const std::string& keys)
        : context_(must(CryptoContext::create())),
          curve_(subkey_of(dearmour(read_file(keys + "/cv25519.asc")))),
          rsa_(subkey_of(dearmour(read_file(keys + "/rsa4096.asc")))),
          bare_(Octets{curve_.packet}.subspan(curve_.packet.size() - 36, 32)),
          rnp_curve_(keys + "/cv25519.asc"),
          rnp_rsa_(keys + "/rsa4096.asc"),
          gpgme_(keys + "/users", "cv25519@sealed.test"),
          plain_(message_size, 'x'),
          large_(large_size, 'x') {
        for (std::string* text : {&plain_, &large_})
            for (std::size_t i = 0; i < text->size(); ++i)
                (*text)[i] = i % 73 == 72 ? '\n' : static_cast<char>(' ' + (i * i + i / 7) % 90);
        mail_ = mail_header + plain_.substr(mail_header.size());
    }

    void run() {
        std::vector<Subject> small{
            {"seal-10k-curve25519", [&] { seal(curve_, plain_); }, 20},
            {"openssl-10k-curve25519", [&] { bare_.message(as_octets(plain_)); }, 20},
            {"rnp-10k-curve25519",
             [&] { rnp_curve_.encrypt(plain_, "Test cv25519 <cv25519@sealed.test>"); }, 20},
            {"seal-10k-rsa4096", [&] { seal(rsa_, plain_); }, 10},
            {"rnp-10k-rsa4096",
             [&] { rnp_rsa_.encrypt(plain_, "Test rsa4096 <rsa4096@sealed.test>"); }, 2},
            {"seal-10k-curve25519-wall", [&] { seal(curve_, plain_); }, 5, Clock::wall},
            {"gpgme-10k-curve25519", [&] { gpgme_.encrypt(plain_); }, 1, Clock::wall},
            {"seal-10k-mail-curve25519", [&] { seal_mail(); }, 20}};
        run_rounds(small, quick() ? 21 : 101);
        report(small, message_size);
        compare(small[0], small[1], 0.85);
        compare(small[7], small[1], 0.85);
        compare(small[0], small[2], 1.7);
        compare(small[7], small[2], 1.7);
        compare(small[5], small[6], 45);
        compare(small[3], small[4], 5);

        EncryptionKey announcing = curve_;
        announcing.seipd2 = true;
        const std::array<std::uint8_t, 32> key{};
        std::vector<Subject> big{
            {"seal-25m-v1", [&] { seal(curve_, large_); }},
            {"openssl-25m-cipher-hash-base64",
             [&] { bare_.content(as_octets(large_), floor_piece, key.data()); }},
            {"seal-25m-v2", [&] { seal(announcing, large_); }}};
        run_rounds(big, quick() ? 7 : 31);
        report(big, large_size);
        compare(big[0], big[1], 0.8);
        compare(big[2], big[0], 3);
    }

private:
    void seal(const EncryptionKey& key, std::string_view text) {
        Counter out;
        EncryptionOptions options;
        options.seipd2 = key.seipd2;
        const auto encryptor = must(Encryptor::start(context_, {&key, 1}, options, out));
        must(encryptor->write(text));
        must(encryptor->finish());
        if (out.size < text.size()) throw std::runtime_error("output is too short");
    }

    void seal_mail() {
        RecipientKeys recipient;
        recipient.state = KeyState::sealable;
        recipient.plan = {{curve_}, {curve_.fingerprint}};
        SealOptions options;
        options.host = "mx.example.org";
        Delivery out;
        Sealer sealer{context_, {recipient}, options, spill_, out};
        must(sealer.write(mail_));
        if (must(sealer.finish()) != SealOutcome::sealed) throw std::runtime_error("not sealed");
        if (out.size < mail_.size()) throw std::runtime_error("output is too short");
    }

    static void report(const std::vector<Subject>& subjects, std::size_t size) {
        for (const Subject& subject : subjects) {
            const double seconds = median(subject.seconds);
            std::printf(
                "{\"name\": \"%s\", \"microseconds\": %.1f, \"megabytes_per_second\": %.1f}\n",
                subject.name.c_str(), seconds * 1e6, static_cast<double>(size) / seconds / 1e6);
        }
    }

    static void compare(const Subject& ours, const Subject& other, double least) {
        const double reached = ratio(ours, other);
        std::printf("{\"row\": \"%s : %s\", \"ratio\": %.3f, \"at_least\": %.2f}\n",
                    ours.name.c_str(), other.name.c_str(), reached, least);
    }

    CryptoContext context_;
    EncryptionKey curve_;
    EncryptionKey rsa_;
    BareOpenssl bare_;
    Rnp rnp_curve_;
    Rnp rnp_rsa_;
    Gpgme gpgme_;
    SpillBudget spill_{64U << 20U, "/tmp"};
    std::string plain_;
    std::string mail_;  ///< of message_size octets
    std::string large_;
};

}  // namespace

int main(int argc, char* argv[]) {
    const std::span words{argv, static_cast<std::size_t>(argc)};
    try {
        if (words.size() != 2) throw std::runtime_error("usage: bench_seal KEYS");
        Bench{words[1]}.run();
        return 0;
    } catch (const std::exception& error) {
        std::cerr << "bench_seal: " << error.what() << "\n";
        return 1;
    }
}
