/// seal_for_test [OPTION]... PACKET...: seals the message on standard input to the public keys
/// whose packet bodies are in the files PACKET, without keyd.
///
///   --lf    line ends of the output (default CRLF)
///   --unpadded  --zlib  --anonymous  --keep-subject  --outer-headers=standard|minimal|all
///
/// With `--generate SEED` it writes a message of the tests' generator instead.

#include "base/fd.hpp"
#include "seal/fingerprint.hpp"
#include "seal/sealer.hpp"
#include "tests/unit/support/message_generator.hpp"

#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

using namespace maildircrypt;

namespace {

template <class T>
T expect(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().what);
    return std::move(*result);
}

void expect(Result<void> result) {
    if (!result) throw std::runtime_error(result.error().what);
}

RecipientKeys recipient_of(const std::string& file) {
    const Fd fd = expect(open_file(file, O_RDONLY));
    const std::string text = expect(read_all(fd.get(), 65535, "read " + file));
    const Octets packet = as_octets(text);
    RecipientKeys keys;
    keys.state = KeyState::sealable;
    keys.plan.seal_to.push_back({fingerprint_of(packet), {packet.begin(), packet.end()}});
    keys.plan.recognise.push_back(keys.plan.seal_to.front().fingerprint);
    keys.log = {1, "00"};
    return keys;
}

class StandardOutput : public MessageOutput {
public:
    Result<void> header(const OuterHeader& header) override { return write(header.render()); }
    Result<void> body(Deliverable piece) override { return write(piece.text()); }

private:
    static Result<void> write(std::string_view piece) {
        return write_all(STDOUT_FILENO, piece, "write standard output");
    }
};

struct Arguments {
    SealOptions options;
    std::vector<RecipientKeys> recipients;
};

Arguments parse(const std::vector<std::string>& words) {
    Arguments arguments;
    SealOptions& options = arguments.options;
    options.host = "mx.sealed.test";
    for (const auto& word : words) {
        if (word == "--lf")
            options.line_end = LineEnd::lf;
        else if (word == "--unpadded")
            options.encryption.padding = Padding::none;
        else if (word == "--zlib")
            options.encryption.compression = Compression::zlib;
        else if (word == "--anonymous")
            options.encryption.anonymous = true;
        else if (word == "--keep-subject")
            options.headers.subject = SubjectPolicy::keep;
        else if (word == "--outer-headers=standard")
            options.headers.outer_headers = OuterHeaders::standard;
        else if (word == "--outer-headers=minimal")
            options.headers.outer_headers = OuterHeaders::minimal;
        else if (word == "--outer-headers=all")
            options.headers.outer_headers = OuterHeaders::all;
        else if (word.starts_with("-"))
            throw std::runtime_error("unknown option " + word);
        else
            arguments.recipients.push_back(recipient_of(word));
    }
    return arguments;
}

void seal(const Arguments& arguments) {
    const CryptoContext context = expect(CryptoContext::create());
    StandardOutput output;
    SpillBudget budget{1 << 20, "/tmp"};
    Sealer sealer{context, arguments.recipients, arguments.options, budget, output};
    std::vector<char> buffer(50'000);
    while (const std::size_t size = expect(read_some(STDIN_FILENO, buffer, "read standard input")))
        expect(sealer.write({buffer.data(), size}));
    if (expect(sealer.finish()) != SealOutcome::sealed)
        throw std::runtime_error("the message was encrypted already");
}

}  // namespace

int main(int argc, char* argv[]) try {
    const std::vector<std::string> words{argv + 1, argv + argc};
    if (words.size() == 2 && words.front() == "--generate")
        expect(write_all(STDOUT_FILENO, test::MessageGenerator{std::stoull(words.back())}.message(),
                         "write"));
    else
        seal(parse(words));
    return 0;
} catch (const std::exception& error) {
    std::cerr << "seal_for_test: " << error.what() << '\n';
    return 1;
}
