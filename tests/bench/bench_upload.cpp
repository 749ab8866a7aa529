/// Uploads a second: accept_certificate() with all that it runs, on one thread and on two; and what
/// a flooded certificate of 5 MB costs. `bench_upload KEYS`
#include "base/fd.hpp"
#include "keyd/armour.hpp"
#include "keyd/certificate.hpp"
#include "keyd/packets.hpp"
#include "tests/unit/support/certificate_parts.hpp"

#include <algorithm>
#include <chrono>
#include <ctime>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>

namespace maildircrypt {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int uploads = 100;  // of one thread, in one round
constexpr int rounds = 5;
constexpr double wanted_uploads = 100;  // a second
constexpr double flood_seconds = 1;
constexpr double flood_megabytes = 100;

std::string read_key(const std::string& directory, const std::string& kind) {
    const auto fd = open_file(directory + "/" + kind + ".asc", O_RDONLY).value();
    return read_all(fd.get(), max_upload, "read a key").value();
}

void upload(const std::string& key) {
    const auto nobody = Address::parse("nobody@example.org").value();
    (void)accept_certificate(key, nobody, true, {}, std::time(nullptr)).value();
}

double uploads_per_second(const std::string& key, std::size_t threads) {
    std::vector<std::thread> running;
    std::vector<int> done(threads);
    const auto start = Clock::now();
    for (int& count : done)
        running.emplace_back([&] {
            for (; count < uploads; ++count) upload(key);
        });
    for (std::thread& thread : running) thread.join();
    const std::chrono::duration<double> spent = Clock::now() - start;
    return static_cast<double>(threads) * uploads / spent.count();
}

double median_uploads(const std::string& key, std::size_t threads) {
    std::vector<double> measured;
    for (int i = 0; i < rounds; ++i) measured.push_back(uploads_per_second(key, threads));
    std::sort(measured.begin(), measured.end());
    return measured[rounds / 2];
}

/// Processor time of this process and of all that it has started and seen end, in seconds.
double processor_time() {
    double seconds = 0;
    for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage usage{};
        ::getrusage(who, &usage);
        for (const timeval& time : {usage.ru_utime, usage.ru_stime})
            seconds += static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    }
    return seconds;
}

/// The certificate with foreign signatures up to the limit of uploads.
std::string flooded(const std::string& key) {
    const auto octets = read_upload(key).value();
    std::string upload{as_text(octets)};
    const OctetString foreign = test::signature(fingerprint_of(test::key_body(9)));
    while (upload.size() + foreign.size() <= max_upload) upload += as_text(foreign);
    return upload;
}

void print_row(const std::string& name, double ratio, double at_least) {
    std::cout << R"({"row": ")" << name << R"(", "ratio": )" << ratio << R"(, "at_least": )"
              << at_least << R"(, "reached": )" << (ratio >= at_least ? "true" : "false") << "}\n";
}

void measure_flood(const std::string& key) {
    const std::string upload_of_flood = flooded(key);
    const auto start = Clock::now();
    upload(upload_of_flood);
    const std::chrono::duration<double> spent = Clock::now() - start;
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const double megabytes = static_cast<double>(usage.ru_maxrss) / 1024;
    std::cout << R"({"name": "upload of a flooded certificate", "megabytes": )"
              << static_cast<double>(upload_of_flood.size()) / 1e6 << R"(, "milliseconds": )"
              << spent.count() * 1000 << R"(, "peak_megabytes": )" << megabytes << "}\n";
    print_row("flooded certificate: 1 s to its time", flood_seconds / spent.count(), 1);
    print_row("flooded certificate: 100 MB to its memory", flood_megabytes / megabytes, 1);
}

void run(const std::string& keys) {
    measure_flood(read_key(keys, "cv25519"));
    for (const std::string kind : {"cv25519", "rsa4096"}) {
        const std::string key = read_key(keys, kind);
        const double before = processor_time();
        const double one = median_uploads(key, 1);
        const double each = (processor_time() - before) / (rounds * uploads);
        const double two = median_uploads(key, 2);
        std::cout << R"({"name": "uploads, )" << kind << R"(", "uploads_per_second": )" << one
                  << R"(, "with_two_threads": )" << two << R"(, "processor_milliseconds_each": )"
                  << each * 1000 << "}\n";
        // OpenSSL looks for a prime modulus in an RSA-4096 key for longer than gpg needs in all.
        if (kind == "cv25519") print_row("uploads a second, to 100", two / wanted_uploads, 1);
    }
}

}  // namespace
}  // namespace maildircrypt

int main(int argc, char** argv) try {
    if (argc != 2) throw std::runtime_error("usage: bench_upload KEYS");
    maildircrypt::run(argv[1]);
    return 0;
} catch (const std::exception& error) {
    std::cerr << "bench_upload: " << error.what() << '\n';
    return 1;
}
