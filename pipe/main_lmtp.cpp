/// maildircrypt-lmtp: seals mail at its final delivery. Needs keyd's socket, its own socket, a
/// spill directory, and the Maildirs or the next hop's socket; starts no process.
#include "base/process.hpp"
#include "keyd/client.hpp"
#include "pipe/lmtp_hop.hpp"
#include "pipe/lmtp_limits.hpp"
#include "pipe/lmtp_maildir_hop.hpp"
#include "pipe/lmtp_settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <utility>
#include <variant>

#include <malloc.h>
#include <sys/resource.h>

namespace maildircrypt::lmtp {
namespace {

/// One arena for each of the two processors that a mail host keeps busy, not one for each thread
/// that waits: freed memory is used again instead of lying in many heaps.
void share_heaps() {
    ::mallopt(M_ARENA_MAX, 2);
}

constexpr std::size_t descriptors_per_recipient = 3;   // of a Maildir; other next hops take less
constexpr std::size_t descriptors_per_connection = 2;  // and one to the next hop
constexpr std::size_t spare_descriptors = 64;          // keyd, spills

/// As many recipients in flight as descriptors allow: the next ones hear 452 at RCPT.
std::size_t recipients_in_flight(std::size_t connections) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return max_recipients_in_flight;
    limit.rlim_cur = limit.rlim_max;
    (void)::setrlimit(RLIMIT_NOFILE, &limit);  // what counts is what it is afterwards
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return max_recipients_in_flight;
    const std::size_t taken = connections * descriptors_per_connection + spare_descriptors;
    const std::size_t left = limit.rlim_cur > taken ? limit.rlim_cur - taken : 0;
    // One for each connection at least, or some could never send.
    return std::min(max_recipients_in_flight,
                    std::max(connections, left / descriptors_per_recipient));
}

Result<std::vector<Fd>> open_sockets(const Settings& settings) {
    auto sockets = inherited_sockets();
    if (!sockets.empty()) return sockets;
    if (!settings.listen) return refuse("option 'listen' is missing");
    return listen_at(*settings.listen, settings.socket_mode);
}

std::unique_ptr<NextHop> make_next_hop(const Settings& settings, const CryptoContext& crypto,
                                       SpillBudget& spill, const Log& log) {
    if (const auto* path = std::get_if<MaildirTemplate>(&settings.next))
        return std::make_unique<MaildirHop>(*path, settings.names.delimiter, settings.seal.host);
    auto hop = std::make_unique<LmtpHop>(std::get<Endpoint>(settings.next), settings.server.name,
                                         settings.next_timeout, crypto, spill);
    if (auto probed = hop->probe(); !probed)
        log.event(LogLevel::warning, "next_hop_away", {{"why", probed.error().what}});
    return hop;
}

/// False when something that blocks is left behind.
Result<bool> run(const Settings& settings) {
    const Log log{settings.log_target, "maildircrypt-lmtp"};
    if (auto usable = check_spill_directory(settings.spill_directory); !usable)
        return usable.error();
    auto sockets = open_sockets(settings);
    if (!sockets) return sockets.error();
    auto crypto = CryptoContext::create();
    if (!crypto) return crypto.error();
    KeyClient keyd{settings.keyd_socket, lookup_deadline, settings.store_id};
    const KeyLookup lookup = [&keyd](const Address& address) { return keyd.lookup(address); };
    SpillBudget spill{settings.spill_memory, settings.spill_directory,
                      settings.spill_memory / spill_share};
    const auto next = make_next_hop(settings, *crypto, spill, log);
    SpillBudget headers{max_header_memory, settings.spill_directory};
    Tally recipients{recipients_in_flight(settings.server.connections)};
    SealOptions seal = settings.seal;
    seal.line_end = next->line_end();
    const Guard guard{*crypto,
                      lookup,
                      settings.names,
                      settings.policy,
                      seal,
                      spill,
                      headers,
                      *next,
                      recipients,
                      log,
                      [&keyd, &log](const Address& address, KeyState state) {
                          keyd.report_clear(address, state, log);
                      }};
    auto ended = serve(guard, settings.server, std::move(*sockets), [&log] {
        notify_ready();
        log.event(LogLevel::info, "ready", {});
    });
    if (!ended) return ended;
    log.event(LogLevel::info, "stopped", {});
    if (!*ended) std::quick_exit(EXIT_SUCCESS);  // threads still use all this
    return ended;
}

int fail(const std::string& what) {
    std::cerr << "maildircrypt-lmtp: " << what << '\n';
    return EXIT_FAILURE;
}

}  // namespace
}  // namespace maildircrypt::lmtp

int main(int argc, char* argv[]) try {
    using namespace maildircrypt;
    keep_memory_private();
    wipe_freed_memory();
    lmtp::share_heaps();
    const auto options = parse_options(lmtp::lmtp_program(), argc, argv);
    if (!options) return lmtp::fail(options.error().what);
    if (!*options) return EXIT_SUCCESS;
    const auto settings = lmtp::read_settings(**options);
    if (!settings) return lmtp::fail(settings.error().what);
    const auto done = lmtp::run(*settings);
    return done ? EXIT_SUCCESS : lmtp::fail(done.error().what);
} catch (const std::exception& error) {
    return maildircrypt::lmtp::fail(error.what());
}
