/// Lookups a second over keyd's socket, and their latencies: with few and with very many addresses,
/// alone and beside hostile clients. `bench_keyd KEYS [FEW MANY]`
///
/// One thread of this process asks on four kept connections, one request after the other on each.
/// It shares the machine with keyd, so a rate is that of both; keyd's own processor time is given
/// beside it. The stores are measured in turns, and medians are compared.
#include "keyd/encoding.hpp"
#include "keyd/sqlite_store.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

namespace asio = boost::asio;
using asio::local::stream_protocol;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

constexpr int connections = 4;
constexpr std::chrono::milliseconds warm_up{500};
constexpr std::chrono::seconds measured{2};
constexpr int rounds = 5;
constexpr double wanted_rate = 20'000;    // a second
constexpr double wanted_p99 = 1000;       // microseconds
constexpr double wanted_growth = 0.8;     // rate with many addresses, to that with few
constexpr long wanted_memory = 200;       // MB
constexpr double wanted_worst = 100'000;  // microseconds, beside hostile clients
constexpr std::size_t idle_clients = 1000;

std::string name_of_address(std::size_t number) {
    return "user" + std::to_string(number) + "@bench.example";
}

void fill(const std::string& path, std::size_t count) {
    init_sqlite_store(path).value();
    const auto store = open_sqlite_store(path);
    constexpr std::size_t batch = 10'000;
    std::vector<Change> changes;
    for (std::size_t i = 0; i < count; ++i) {
        auto certificate = test::certificate("seed " + std::to_string(i));
        certificate.binary.resize(600, 'x');
        certificate.encryption_keys[0].key.packet.resize(60, 'x');
        changes.push_back(
            test::binding_change(test::address(name_of_address(i)), 0, {certificate}));
        if (changes.size() < batch && i + 1 < count) continue;
        if (store.value()->apply(changes).value() != Applied::done)
            throw std::runtime_error("apply");
        changes.clear();
    }
}

/// A keyd of its own, ended with the object.
class Keyd {
public:
    Keyd(const std::string& program, const std::string& store, std::string socket)
        : socket_(std::move(socket)) {
        const std::string option = "sqlite:" + store;
        std::vector<std::string> words{program, "--socket", socket_, "--store", option};
        std::vector<char*> argv;
        for (auto& word : words) argv.push_back(word.data());
        argv.push_back(nullptr);
        if (posix_spawn(&pid_, program.c_str(), nullptr, nullptr, argv.data(), environ) != 0)
            throw std::runtime_error("cannot start " + program);
        wait_for_socket();
    }
    ~Keyd() {
        ::kill(pid_, SIGTERM);
        ::waitpid(pid_, nullptr, 0);
    }
    Keyd(const Keyd&) = delete;
    Keyd& operator=(const Keyd&) = delete;
    const std::string& socket() const { return socket_; }
    /// The largest resident size so far, MB.
    long peak_memory() const {
        std::ifstream status{"/proc/" + std::to_string(pid_) + "/status"};
        for (std::string line; std::getline(status, line);)
            if (line.starts_with("VmHWM:")) return std::stol(line.substr(6)) / 1024;
        return -1;
    }

    /// Processor time so far, microseconds.
    double processor_time() const {
        std::ifstream file{"/proc/" + std::to_string(pid_) + "/stat"};
        std::string field;
        std::getline(file, field, ')');
        double ticks = 0;
        for (int i = 3; i <= 15 && file >> field; ++i)  // proc(5): utime is 14, stime 15
            if (i >= 14) ticks += std::stod(field);
        return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)) * 1e6;
    }

private:
    void wait_for_socket() {
        asio::io_context io;
        const auto deadline = Clock::now() + std::chrono::seconds{60};
        for (;;) {
            stream_protocol::socket probe{io};
            error_code error;
            probe.connect(stream_protocol::endpoint{socket_}, error);
            if (!error) return;
            if (Clock::now() > deadline) throw std::runtime_error("keyd does not start");
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
    }
    std::string socket_;
    pid_t pid_ = -1;
};

/// One request after the other on one connection.
class Asker {
public:
    Asker(asio::io_context& io, const std::string& path, std::size_t addresses, unsigned seed)
        : socket_(io), addresses_(addresses), random_(seed) {
        socket_.connect(stream_protocol::endpoint{path});
    }
    void ask() {
        request_ = "GET /v1/lookup/" + name_of_address(random_() % addresses_) +
                   " HTTP/1.1\r\nHost: keyd\r\n\r\n";
        answer_.clear();
        sent_ = Clock::now();
        asio::async_write(socket_, asio::buffer(request_), [this](error_code error, std::size_t) {
            if (error) throw std::runtime_error("write: " + error.message());
            receive();
        });
    }
    std::vector<std::chrono::microseconds> latencies;
    Clock::time_point from{};  ///< latencies count from here
    Clock::time_point until{};

private:
    void receive() {
        socket_.async_read_some(asio::buffer(piece_), [this](error_code error, std::size_t size) {
            if (error) throw std::runtime_error("read: " + error.message());
            answer_.append(piece_.data(), size);
            if (!complete()) return receive();
            const auto now = Clock::now();
            if (now >= from)
                latencies.push_back(
                    std::chrono::duration_cast<std::chrono::microseconds>(now - sent_));
            if (now < until) ask();
        });
    }
    bool complete() const {
        const std::size_t end = answer_.find("\r\n\r\n");
        if (end == answer_.npos) return false;
        if (answer_.find("HTTP/1.1 200 ") != 0 || answer_.find("\"sealable\"") == answer_.npos)
            throw std::runtime_error("not the answer: " + answer_);
        constexpr std::string_view field = "Content-Length: ";
        const std::size_t at = answer_.find(field) + field.size();
        return answer_.size() >= end + 4 + std::stoul(answer_.substr(at, 12));
    }

    stream_protocol::socket socket_;
    std::size_t addresses_;
    std::mt19937 random_;
    std::string request_;
    std::string answer_;
    std::array<char, 16384> piece_{};
    Clock::time_point sent_{};
};

struct Measurement {
    double rate = 0;
    double processor = 0;  ///< of keyd, microseconds a lookup
    std::chrono::microseconds p50{};
    std::chrono::microseconds p99{};
    std::chrono::microseconds worst{};
};

Measurement measure(const std::string& path, std::size_t addresses) {
    asio::io_context io{1};
    std::vector<std::unique_ptr<Asker>> askers;
    const auto start = Clock::now();
    for (unsigned i = 0; i < connections; ++i) {
        askers.push_back(std::make_unique<Asker>(io, path, addresses, i));
        askers.back()->from = start + warm_up;
        askers.back()->until = start + warm_up + measured;
        askers.back()->ask();
    }
    io.run();
    std::vector<std::chrono::microseconds> all;
    for (const auto& asker : askers)
        all.insert(all.end(), asker->latencies.begin(), asker->latencies.end());
    std::sort(all.begin(), all.end());
    const double seconds = std::chrono::duration<double>(measured).count();
    return {static_cast<double>(all.size()) / seconds, 0, all[all.size() / 2],
            all[all.size() * 99 / 100], all.back()};
}

/// Everything at once that a bad neighbour might do, until the object ends.
class HostileClients {
public:
    explicit HostileClients(const std::string& path) : path_(path) {
        for (std::size_t i = 0; i < idle_clients; ++i) send(keep(), i % 2 == 0 ? "" : "GET /v1/he");
        threads_.emplace_back([this] { repeat([this] { upload_too_much(); }); });
        threads_.emplace_back([this] { repeat([this] { pipeline(); }); });
        threads_.emplace_back(
            [this] { repeat([this] { send(fresh(), "\x16\x03\x01 garbage\r\n\r\n"); }); });
        threads_.emplace_back([this] { repeat([this] { drip(); }); });
    }
    ~HostileClients() { stopping_ = true; }

private:
    using Socket = std::unique_ptr<stream_protocol::socket>;

    Socket fresh() {
        auto socket = std::make_unique<stream_protocol::socket>(io_);
        error_code ignored;  // being refused is fine
        socket->connect(stream_protocol::endpoint{path_}, ignored);
        return socket;
    }
    stream_protocol::socket& keep() { return *kept_.emplace_back(fresh()); }
    static void send(stream_protocol::socket& socket, const std::string& text) {
        error_code ignored;
        asio::write(socket, asio::buffer(text), ignored);
    }
    static void send(const Socket& socket, const std::string& text) { send(*socket, text); }
    template <class Act>
    void repeat(Act act) {
        while (!stopping_) act();
    }
    void upload_too_much() {
        const auto socket = fresh();
        send(socket, "POST /v1/check HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nA00000\r\n");
        send(socket, std::string(10 * 1024 * 1024, 'x'));
    }
    /// Never reads the answers.
    void pipeline() {
        const auto socket = fresh();
        socket->non_blocking(true);
        std::string many;
        for (int i = 0; i < 1000; ++i) many += "GET /v1/health HTTP/1.1\r\n\r\n";
        for (int i = 0; i < 20 && !stopping_; ++i) {
            send(socket, many);
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
    }
    void drip() {
        const auto socket = fresh();
        for (int i = 0; i < 100 && !stopping_; ++i) {
            send(socket, "G");
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
    }

    std::string path_;
    asio::io_context io_;
    std::vector<Socket> kept_;
    std::atomic<bool> stopping_{false};
    std::vector<std::jthread> threads_;
};

struct Subject {
    Subject(const std::string& keyd, std::size_t size) : addresses(size) {
        fill(directory / "keys.db", size);
        daemon.emplace(keyd, directory / "keys.db", directory / "socket");
    }
    void measure_once() {
        const double before = daemon->processor_time();
        Measurement result = measure(daemon->socket(), addresses);
        const double asked =
            result.rate * std::chrono::duration<double>(warm_up + measured).count();
        result.processor = (daemon->processor_time() - before) / asked;
        results.push_back(result);
    }
    template <class Member>
    auto median(Member Measurement::*member) const {
        std::vector<Member> values;
        for (const auto& result : results) values.push_back(result.*member);
        std::sort(values.begin(), values.end());
        return values[values.size() / 2];
    }

    test::TemporaryDirectory directory;
    std::size_t addresses;
    std::optional<Keyd> daemon;
    std::vector<Measurement> results;
};

void print(const std::string& name, const Subject& subject) {
    std::cout << R"({"name": ")" << name << R"(", "addresses": )" << subject.addresses
              << R"(, "lookups_per_second": )" << subject.median(&Measurement::rate)
              << R"(, "processor_microseconds_of_keyd_each": )"
              << subject.median(&Measurement::processor) << R"(, "p50_microseconds": )"
              << subject.median(&Measurement::p50).count() << R"(, "p99_microseconds": )"
              << subject.median(&Measurement::p99).count() << R"(, "worst_microseconds": )"
              << subject.median(&Measurement::worst).count() << R"(, "memory_megabytes": )"
              << subject.daemon->peak_memory() << "}" << std::endl;
}

void print_row(const std::string& name, double ratio, double at_least) {
    std::cout << R"({"row": ")" << name << R"(", "ratio": )" << ratio << R"(, "at_least": )"
              << at_least << "}" << std::endl;
}

void judge(const Subject& few, const Subject& many) {
    const auto p99 = static_cast<double>(few.median(&Measurement::p99).count());
    print_row("lookups a second, to 20,000", few.median(&Measurement::rate) / wanted_rate, 1);
    print_row("lookups: 1 ms to the 99th percentile", wanted_p99 / p99, 1);
    print_row("lookups a second, many addresses to few",
              many.median(&Measurement::rate) / few.median(&Measurement::rate), wanted_growth);
    std::cout << R"({"row": "keyd's memory with many addresses", "megabytes": )"
              << many.daemon->peak_memory() << R"(, "at_most": )" << wanted_memory << "}"
              << std::endl;
}

void measure_hostile(Subject& subject) {
    subject.results.clear();
    const HostileClients hostile{subject.daemon->socket()};
    for (int round = 0; round < rounds; ++round) subject.measure_once();
    print("lookups beside hostile clients", subject);
    print_row("beside hostile clients: 100 ms to the slowest lookup",
              wanted_worst / static_cast<double>(subject.median(&Measurement::worst).count()), 1);
    std::cout << R"({"row": "keyd's memory beside hostile clients", "megabytes": )"
              << subject.daemon->peak_memory() << R"(, "at_most": )" << wanted_memory << "}"
              << std::endl;
}

int run(const std::string& keyd, std::size_t small, std::size_t large) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    Subject few{keyd, small};
    Subject many{keyd, large};
    for (int round = 0; round < rounds; ++round)
        for (Subject* subject : {&few, &many}) subject->measure_once();
    print("lookups, few addresses", few);
    print("lookups, many addresses", many);
    judge(few, many);
    measure_hostile(many);
    return 0;
}

}  // namespace
}  // namespace maildircrypt

int main(int argc, char* argv[]) try {
    const bool quick = std::getenv("QUICK") != nullptr;
    const std::size_t few = argc == 4 ? std::stoul(argv[2]) : 1000;
    const std::size_t many = argc == 4 ? std::stoul(argv[3]) : quick ? 50'000 : 1'000'000;
    const std::string self = argv[0];
    return maildircrypt::run(self.substr(0, self.rfind('/') + 1) + "../keyd", few, many);
} catch (const std::exception& error) {
    std::cerr << "bench_keyd: " << error.what() << '\n';
    return 1;
}
