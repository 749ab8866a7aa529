/// maildircrypt-pipe-worker: does what maildircrypt-pipe, its supervisor, was started for.
///
/// It reads mail in clear: no core dump, freed memory is wiped, and nothing it prints goes further
/// than the supervisor. Every fault ends with 75.
#include "base/log.hpp"
#include "base/options.hpp"
#include "base/process.hpp"
#include "pipe/control.hpp"
#include "pipe/control_channel.hpp"
#include "pipe/delivery.hpp"
#include "pipe/worker_options.hpp"
#include "seal/openssl_library.hpp"

#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <utility>

#include <sys/stat.h>

namespace maildircrypt {
namespace {

constexpr char misconfigured_line[] = "4.3.5 The mail system is not configured correctly";

/// For a person at a terminal, to whom the supervisor shows it.
void print_error(const std::string& what) {
    std::cerr << "maildircrypt-pipe: " << what << '\n';
}

const char* environment(const char* name) {
    return std::getenv(name);
}

Result<void> tell_supervisor(ControlChannel& channel, const PipeOptions& options) {
    if (!options.maildir) {
        if (auto told = channel.report(control_filter); !told) return told;
    }
    if (options.deadline == default_deadline) return {};
    return channel.report(std::string{control_deadline} + std::to_string(options.deadline));
}

Conclusion misconfigured(const Log& log, const Error& error) {
    log.event(LogLevel::error, "misconfigured", {{"why", error.what}});
    print_error(error.what);
    return {exit_deferred, misconfigured_line};
}

Conclusion conclude(ControlChannel& channel, const Log& log, const ParsedOptions& parsed) {
    // Help was asked for in the middle of a delivery: nothing was delivered.
    if (!parsed) return misconfigured(log, refuse("--help or --version beside other options"));
    auto options = read_pipe_options(*parsed, environment);
    if (!options) return misconfigured(log, options.error());
    if (auto told = tell_supervisor(channel, *options); !told)
        return {exit_deferred, std::string{deferred_line}};
    return Delivery{std::move(*options), channel, log}.run();
}

int run(int argc, char* argv[]) {
    auto channel = ControlChannel::adopt();
    auto parsed = parse_options(describe_pipe(), argc, argv);
    if (!channel && parsed && !*parsed) return EXIT_SUCCESS;  // --help, --version
    if (!channel) {
        print_error(channel.error().what);
        return exit_deferred;
    }
    const Log log{Log::Target::syslog, "maildircrypt-pipe"};
    const Conclusion conclusion =
        parsed ? conclude(*channel, log, *parsed) : misconfigured(log, parsed.error());
    if (!conclusion.line.empty()) {
        if (auto told = channel->report(std::string{control_text} + conclusion.line); !told)
            return exit_deferred;
    }
    return conclusion.status;
}

}  // namespace
}  // namespace maildircrypt

int main(int argc, char* argv[]) try {
    maildircrypt::keep_memory_private();
    maildircrypt::wipe_freed_memory();
    maildircrypt::openssl_library(maildircrypt::OpensslTexts::leave_out);
    std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes becomes an error of write(2)
    ::umask(0077);
    return maildircrypt::run(argc, argv);
} catch (const std::exception& error) {
    std::cerr << "maildircrypt-pipe: " << error.what() << '\n';
    return maildircrypt::exit_deferred;
}
