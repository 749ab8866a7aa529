#include "admin/open_command.hpp"

#include "admin/gpg_decryptor.hpp"
#include "admin/maildir_opener.hpp"
#include "admin/message_opener.hpp"
#include "admin/source_file.hpp"
#include "base/fd.hpp"
#include "base/options.hpp"

#include <cerrno>
#include <filesystem>
#include <iostream>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

namespace po = boost::program_options;

struct Arguments {
    std::string source = "-";
    std::string target;
};

ExitStatus break_off(const Error& error) {
    std::cerr << "maildircrypt open: " << error.what << '\n';
    return ExitStatus::broken_off;
}

ProgramDescription description() {
    ProgramDescription program;
    program.name = "maildircrypt open";
    program.usage =
        "maildircrypt open [MESSAGE [TARGET]]\n"
        "       maildircrypt open MAILDIR TARGET";
    program.summary =
        "Gives back the original of a sealed message, octet for octet, with your own gpg key: of\n"
        "standard input or the file MESSAGE on standard output or in the new file TARGET; or of\n"
        "every message in MAILDIR and its folders, in the Maildir TARGET.";
    program.positional.add("source", 1).add("target", 1);
    program.positional_options.add_options()("source", po::value<std::string>())(
        "target", po::value<std::string>());
    return program;
}

std::string text_of(const po::variables_map& values, const std::string& name,
                    const std::string& otherwise) {
    return values.count(name) != 0 ? values[name].as<std::string>() : otherwise;
}

/// Never writes over a file.
Result<void> write_new_file(const std::string& path, std::string_view text,
                            const FileTimes& times) {
    auto fd = open_file(path, O_WRONLY | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    if (!fd) return fd.error();
    auto done = write_all(fd->get(), text, "write " + path);
    if (done && futimens(fd->get(), times.data()) != 0)
        done = errno_error("set the times of " + path);
    if (done && fsync(fd->get()) != 0) done = errno_error("sync " + path);
    if (done) done = fd->close("close " + path);
    if (!done) unlink(path.c_str());  // half a message is worse than none
    return done;
}

Result<void> write_result(const Arguments& arguments, std::string_view text,
                          const FileTimes& times) {
    if (!arguments.target.empty()) return write_new_file(arguments.target, text, times);
    return write_all(STDOUT_FILENO, text, "write standard output");
}

/// Of what the user names: a symbolic link or a pipe will do.
Result<SourceFile> read_message(const std::string& source) {
    Fd file;
    if (source != "-") {
        auto opened = open_file(source, O_RDONLY);
        if (!opened) return opened.error();
        file = std::move(*opened);
    }
    const int fd = file ? file.get() : STDIN_FILENO;
    struct stat status {};
    if (fstat(fd, &status) != 0) return errno_error("look at " + source);
    auto text = read_all(fd, max_stored_message, "read " + source);
    if (!text) return text.error();
    return SourceFile{std::move(*text), {status.st_atim, status.st_mtim}};
}

ExitStatus open_one(const Arguments& arguments, const Decrypt& decrypt) {
    const auto file = read_message(arguments.source);
    if (!file) return break_off(file.error());
    const auto message = open_message(file->text, decrypt);
    if (!message) return break_off(message.error());
    std::string_view text{message->original.data(), message->original.size()};
    if (message->kind == OpenedMessage::Kind::failed) {
        std::cerr << "maildircrypt open: " << message->reason << '\n';
        return ExitStatus::some_failed;
    }
    const bool sealed = message->kind == OpenedMessage::Kind::opened;
    if (!sealed) text = file->text;
    if (auto done = write_result(arguments, text, file->times); !done)
        return break_off(done.error());
    if (!sealed) std::cerr << "maildircrypt open: not sealed, copied as it is\n";
    return sealed ? ExitStatus::done : ExitStatus::not_sealed;
}

ExitStatus open_all(const Arguments& arguments, const Decrypt& decrypt) {
    if (arguments.target.empty())
        return break_off(refuse("a Maildir needs a TARGET (see maildircrypt open --help)"));
    const auto counts = open_maildir(arguments.source, arguments.target, decrypt);
    if (!counts) return break_off(counts.error());
    std::cout << counts->opened << " opened, " << counts->held_before << " opened before, "
              << counts->not_sealed << " not sealed, " << counts->failed
              << " could not be opened\n";
    if (counts->failed > 0) return ExitStatus::some_failed;
    return counts->not_sealed > 0 ? ExitStatus::not_sealed : ExitStatus::done;
}

}  // namespace

ExitStatus open_command(int argc, const char* const argv[]) {
    const auto parsed = parse_options(description(), argc, argv);
    if (!parsed) return break_off(parsed.error());
    if (!*parsed) return ExitStatus::done;
    const Arguments arguments{text_of(**parsed, "source", "-"), text_of(**parsed, "target", "")};
    umask(S_IRWXG | S_IRWXO);
    auto decryptor = GpgDecryptor::create();
    if (!decryptor) return break_off(decryptor.error());
    const Decrypt decrypt = [&](std::string_view armour) { return decryptor->decrypt(armour); };
    std::error_code ignored;
    const bool is_maildir = std::filesystem::is_directory(arguments.source, ignored);
    return is_maildir ? open_all(arguments, decrypt) : open_one(arguments, decrypt);
}

}  // namespace maildircrypt
