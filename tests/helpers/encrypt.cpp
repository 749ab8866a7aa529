/// encrypt [--anonymous] [--cover] [--lf] [--seipd2] [--unpadded] [--zlib] PACKET...: encrypts
/// standard input to the public keys whose packet bodies are in the files PACKET, without the
/// sealer around it. --cover: the armour is no shorter than the input; --seipd2: all keys announce
/// it.
#include "base/fd.hpp"
#include "seal/encryptor.hpp"
#include "seal/fingerprint.hpp"

#include <array>
#include <iostream>
#include <span>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace maildircrypt;

namespace {

class Output : public Sink {
public:
    Result<void> write(std::string_view piece) override {
        return write_all(STDOUT_FILENO, piece, "write output");
    }
};

Result<EncryptionKey> read_key(const std::string& path) {
    const auto fd = open_file(path, O_RDONLY);
    if (!fd) return fd.error();
    const auto packet = read_all(fd->get(), 65535, "read " + path);
    if (!packet) return packet.error();
    const Octets octets = as_octets(*packet);
    if (auto checked = check_encryption_key(octets); !checked) return checked.error();
    EncryptionKey key;
    key.packet.assign(octets.begin(), octets.end());
    key.fingerprint = fingerprint_of(octets);
    return key;
}

Result<void> encrypt(const std::vector<EncryptionKey>& keys, const EncryptionOptions& options) {
    const auto context = CryptoContext::create();
    if (!context) return context.error();
    Output output;
    const auto encryptor = Encryptor::start(*context, keys, options, output);
    if (!encryptor) return encryptor.error();
    std::array<char, 5000> piece;
    for (;;) {
        const auto count = read_some(STDIN_FILENO, piece, "read input");
        if (!count) return count.error();
        if (*count == 0) return (*encryptor)->finish();
        if (auto done = (*encryptor)->write({piece.data(), *count}); !done) return done;
    }
}

Result<void> run(const std::vector<std::string>& arguments) {
    EncryptionOptions options;
    std::vector<EncryptionKey> keys;
    for (const std::string& argument : arguments) {
        if (argument == "--anonymous") {
            options.anonymous = true;
        } else if (argument == "--cover") {
            options.never_shorter = true;
        } else if (argument == "--seipd2") {
            options.seipd2 = true;
        } else if (argument == "--lf") {
            options.line_end = LineEnd::lf;
        } else if (argument == "--unpadded") {
            options.padding = Padding::none;
        } else if (argument == "--zlib") {
            options.compression = Compression::zlib;
        } else {
            auto key = read_key(argument);
            if (!key) return key.error();
            keys.push_back(*key);
        }
    }
    for (EncryptionKey& key : keys) key.seipd2 = options.seipd2;
    return encrypt(keys, options);
}

}  // namespace

int main(int argc, char* argv[]) {
    const std::span words{argv, static_cast<std::size_t>(argc)};
    const auto done = run({words.begin() + 1, words.end()});
    if (done) return 0;
    std::cerr << "encrypt: " << done.error().what << "\n";
    return 1;
}
