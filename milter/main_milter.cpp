/// maildircrypt-milter: seals mail while the MTA takes it in. Needs keyd's socket, its own socket
/// and a spill directory; reads no file but its configuration, starts no process.
#include "base/process.hpp"
#include "keyd/client.hpp"
#include "milter/callbacks.hpp"
#include "milter/settings.hpp"

#include <cstdlib>
#include <exception>
#include <iostream>

namespace maildircrypt {
namespace {

int fail(const std::string& what) {
    std::cerr << "maildircrypt-milter: " << what << '\n';
    return EXIT_FAILURE;
}

Result<void> run(const MilterSettings& settings) {
    const Log log{settings.log_target, "maildircrypt-milter"};
    if (auto usable = check_spill_directory(settings.spill_directory); !usable) return usable;
    auto crypto = CryptoContext::create();
    if (!crypto) return crypto.error();
    KeyClient keyd{settings.keyd_socket, lookup_deadline, settings.store_id};
    const KeyLookup lookup = [&keyd](const Address& address) { return keyd.lookup(address); };
    SpillBudget spill{settings.spill_memory, settings.spill_directory,
                      settings.spill_memory / spill_share};
    Admissions admissions{settings.max_messages, settings.max_octets};
    const MilterService service{settings.policy,
                                settings.seal,
                                *crypto,
                                lookup,
                                log,
                                spill,
                                admissions,
                                [&keyd, &log](const Address& address, KeyState state) {
                                    keyd.report_clear(address, state, log);
                                }};
    const auto served = serve_milter(service, settings.socket_path, settings.socket_mode, [&log] {
        log.event(LogLevel::info, "ready", {});
        notify_ready();
    });
    if (served) log.event(LogLevel::info, "stopped", {});
    // Without destructors: threads of libmilter may still use all this.
    std::quick_exit(served ? EXIT_SUCCESS : fail(served.error().what));
}

}  // namespace
}  // namespace maildircrypt

int main(int argc, char* argv[]) try {
    using namespace maildircrypt;
    keep_memory_private();
    wipe_freed_memory();
    const auto options = parse_options(milter_program(), argc, argv);
    if (!options) return fail(options.error().what);
    if (!*options) return EXIT_SUCCESS;
    const auto settings = read_settings(**options);
    if (!settings) return fail(settings.error().what);
    const auto done = run(*settings);
    return done ? EXIT_SUCCESS : fail(done.error().what);
} catch (const std::exception& error) {
    return maildircrypt::fail(error.what());
}
