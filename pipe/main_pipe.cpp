/// maildircrypt-pipe: what the MTA starts. Being static it needs nothing but the kernel, and it
/// turns every end of the worker, however bad, into a status on which no MTA bounces mail.
///
/// It reads no mail and parses no address. It ends with 0, 75 or 77 (pipe/control.hpp), prints at
/// most one line, and leaves no worker behind.
#include "pipe/control.hpp"
#include "pipe/parent_process.hpp"
#include "pipe/supervisor_text.hpp"
#include "pipe/system_log.hpp"
#include "pipe/worker_path.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <ctime>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

/// From SIGTERM to SIGKILL, time for the worker to remove its file in tmp/; and from SIGKILL to
/// leaving behind a worker that the kernel cannot end yet (a hanging file system).
constexpr std::int64_t grace = 3'000'000'000;  // nanoseconds, as all times here
/// How long after the end of input the parent must have lived, where /proc does not tell: getppid()
/// was never unchanged 50 microseconds after a kill.
constexpr std::int64_t settling_time = 1'000'000;
constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t millisecond = 1'000'000;

/// Of each kind in a row: a worker that says ever more does not keep us from the deadline.
constexpr int max_reads = 64;

/// Above the numbers into which the child duplicates its descriptors.
constexpr int first_spare_fd = 10;

std::int64_t now() {
    timespec time{};
    (void)::clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * second + time.tv_nsec;
}

class Supervisor {
public:
    Supervisor(int argc, char* argv[]) : argv_(argv), arguments_(scan_arguments(argc, argv)) {}
    /// The exit status.
    int run();

private:
    bool prepare();
    bool start_worker();
    [[noreturn]] void become_worker(const WorkerPath& path, pid_t supervisor);
    void watch();
    int poll_timeout() const;
    std::int64_t stage_end() const;
    void take_signals();
    void take_messages();
    void take_message(std::string_view message);
    void take_output();
    void answer_synced(std::int64_t input_end);
    void stop(int signal_number, const char* reason);
    void keep_deadlines();
    int conclude() const;
    int end(int status, std::string_view line) const;
    void log(const char* event, int number) const;

    char** argv_;
    SupervisorArguments arguments_;
    ParentProcess parent_;
    int signals_ = -1;
    int control_ = -1;  ///< our end of the pair
    int output_ = -1;   ///< what the worker and its libraries print
    int worker_control_ = -1;
    int worker_output_ = -1;
    int standard_output_ = -1;

    pid_t worker_ = -1;
    bool running_ = false;
    volatile int exec_error_ = 0;  ///< written by the child of vfork(2), which shares our memory
    int wait_status_ = SIGKILL;    ///< of waitpid(2); stays so when the worker cannot be reaped
    std::int64_t started_ = now();
    enum class Stage { working, stopping, killed } stage_ = Stage::working;
    std::int64_t stage_ends_ = 0;
    bool delivered_ = false;
    std::array<char, max_control_message> text_{};
    std::size_t text_size_ = 0;
    std::array<char, 400> printed_{};
    std::size_t printed_size_ = 0;
};

int Supervisor::run() {
    if (!prepare() || !start_worker()) return end(exit_deferred, deferred_line);
    watch();
    return conclude();
}

/// Signals come in as messages from now on: none but SIGKILL ends this process. An MTA may have
/// started it with SIGCHLD ignored, and then no child could be waited for.
bool Supervisor::prepare() {
    // Not by sigprocmask(2) of a libc, which keeps some signals out of its sets for itself.
    std::array<std::uint64_t, (_NSIG - 1) / 64> all;
    all.fill(~std::uint64_t{0});
    if (::syscall(SYS_rt_sigprocmask, SIG_SETMASK, all.data(), nullptr, sizeof all) != 0)
        return false;
    (void)::signal(SIGCHLD, SIG_DFL);
    if (::fcntl(STDIN_FILENO, F_GETFD) < 0) {
        log("no_input", errno);
        return false;
    }
    while (::fcntl(STDERR_FILENO, F_GETFD) < 0 || ::fcntl(STDOUT_FILENO, F_GETFD) < 0) {
        if (::open("/dev/null", O_RDWR) < 0) return false;
    }
    if (!parent_.note()) {
        log("mta_gone_at_start", ::getppid());
        return false;
    }
    sigset_t watched;
    (void)::sigemptyset(&watched);
    for (const int number : {SIGCHLD, SIGTERM, SIGHUP, SIGINT}) (void)::sigaddset(&watched, number);
    signals_ = ::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    int pair[2];
    int pipe_ends[2];
    if (signals_ < 0 || ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 ||
        ::pipe2(pipe_ends, O_CLOEXEC) != 0 || ::fcntl(pipe_ends[0], F_SETFL, O_NONBLOCK) != 0) {
        log("no_descriptors", errno);
        return false;
    }
    control_ = pair[0];
    output_ = pipe_ends[0];
    worker_control_ = ::fcntl(pair[1], F_DUPFD_CLOEXEC, first_spare_fd);
    worker_output_ = ::fcntl(pipe_ends[1], F_DUPFD_CLOEXEC, first_spare_fd);
    standard_output_ = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, first_spare_fd);
    if (worker_control_ < 0 || worker_output_ < 0 || standard_output_ < 0) {
        log("no_descriptors", errno);
        return false;
    }
    return ::close(pair[1]) == 0 && ::close(pipe_ends[1]) == 0;
}

bool Supervisor::start_worker() {
    const WorkerPath path;
    const pid_t own = ::getpid();
    worker_ = ::vfork();
    if (worker_ == 0) become_worker(path, own);
    if (worker_ < 0) {
        log("fork_failed", errno);
        return false;
    }
    running_ = true;
    (void)::close(worker_control_);  // only the worker's copies remain, so that its end is seen
    (void)::close(worker_output_);
    return true;
}

/// In the child of vfork(2): system calls only.
void Supervisor::become_worker(const WorkerPath& path, pid_t supervisor) {
    sigset_t none;
    (void)::sigemptyset(&none);
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() == supervisor && ::dup2(worker_output_, STDOUT_FILENO) >= 0 &&
        ::dup2(worker_output_, STDERR_FILENO) >= 0 && ::dup2(worker_control_, control_fd) >= 0 &&
        ::dup2(standard_output_, output_fd) >= 0) {
        (void)::sigprocmask(SIG_SETMASK, &none, nullptr);
        path.execute(argv_);
    }
    exec_error_ = errno;
    ::_exit(127);
}

void Supervisor::watch() {
    std::array<pollfd, 3> watched{
        {{signals_, POLLIN, 0}, {control_, POLLIN, 0}, {output_, POLLIN, 0}}};
    while (running_) {
        const int ready = ::poll(watched.data(), watched.size(), poll_timeout());
        if (ready < 0 && errno != EINTR) stop(SIGTERM, "poll_failed");
        take_messages();
        take_output();
        // At its end a descriptor stays readable for ever: the worker closed it, its exit follows.
        for (std::size_t i = 1; i < watched.size(); ++i) {
            if ((watched[i].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0) watched[i].fd = -1;
        }
        take_signals();
        keep_deadlines();
    }
    take_messages();  // what it said just before its end
    take_output();
}

/// Until the next deadline; rounded up, so that poll(2) does not spin.
int Supervisor::poll_timeout() const {
    const std::int64_t left = std::max(stage_end() - now(), std::int64_t{0});
    return static_cast<int>((left + millisecond - 1) / millisecond);
}

std::int64_t Supervisor::stage_end() const {
    return stage_ == Stage::working ? started_ + arguments_.deadline * second : stage_ends_;
}

void Supervisor::keep_deadlines() {
    if (!running_ || now() < stage_end()) return;
    switch (stage_) {
        case Stage::working:
            return stop(SIGTERM, "deadline_passed");
        case Stage::stopping:
            return stop(SIGKILL, "worker_killed");
        case Stage::killed:
            log("worker_left_behind", worker_);
            running_ = false;
    }
}

void Supervisor::take_signals() {
    signalfd_siginfo info{};
    while (::read(signals_, &info, sizeof info) == sizeof info) {
        const auto number = static_cast<int>(info.ssi_signo);
        if (number != SIGCHLD) stop(number, "interrupted");
    }
    const pid_t ended = ::waitpid(worker_, &wait_status_, WNOHANG);
    if (ended == worker_) running_ = false;
    if (ended < 0) stop(SIGTERM, "wait_failed");
}

void Supervisor::take_messages() {
    std::array<char, max_control_message> buffer;
    for (int i = 0; i < max_reads; ++i) {
        const ssize_t size = ::recv(control_, buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (size <= 0) return;
        take_message({buffer.data(), static_cast<std::size_t>(size)});
    }
}

void Supervisor::take_message(std::string_view message) {
    if (message == control_filter) {
        arguments_.filter = true;
    } else if (message.starts_with(control_deadline)) {
        arguments_.deadline =
            parse_deadline(behind(message, control_deadline.size()), arguments_.deadline);
    } else if (message.starts_with(control_synced)) {
        answer_synced(parse_decimal(behind(message, control_synced.size()), INT64_MAX));
    } else if (message == control_delivered) {
        delivered_ = true;
    } else if (message.starts_with(control_text)) {
        const auto line = behind(message, control_text.size());
        std::copy(line.begin(), line.end(), text_.begin());
        text_size_ = line.size();
    } else {
        stop(SIGTERM, "message_not_understood");
    }
}

/// Keeps the first few hundred octets, for the log.
void Supervisor::take_output() {
    std::array<char, 4096> buffer;
    for (int i = 0; i < max_reads; ++i) {
        const ssize_t size = ::read(output_, buffer.data(), buffer.size());
        if (size <= 0) return;
        const auto kept = std::min(static_cast<std::size_t>(size), printed_.size() - printed_size_);
        std::copy_n(buffer.begin(), kept, printed_.begin() + printed_size_);
        printed_size_ += kept;
    }
}

/// The second step of the commit. The message was whole only if the MTA's process closed its end of
/// the pipe of its own will: if it still lives after the end of input.
void Supervisor::answer_synced(std::int64_t input_end) {
    if (stage_ != Stage::working) return;
    auto sign = parent_.look();
    const std::int64_t synced = now();
    if (input_end < 0 || input_end > synced) input_end = synced;
    for (std::int64_t left = input_end + settling_time - synced;
         sign == ParentProcess::Sign::unknown && left > 0;
         left = input_end + settling_time - now()) {
        const timespec pause{0, left};
        (void)::nanosleep(&pause, nullptr);
        sign = parent_.look();
    }
    if (sign == ParentProcess::Sign::ends) {
        stop(SIGTERM, "mta_gone");
    } else if (::send(control_, control_go.data(), control_go.size(), MSG_NOSIGNAL | MSG_DONTWAIT) <
               0) {
        stop(SIGTERM, "worker_does_not_listen");
    }
}

void Supervisor::stop(int signal_number, const char* reason) {
    const Stage next = signal_number == SIGKILL ? Stage::killed : Stage::stopping;
    if (next > stage_) {
        log(reason, signal_number);
        stage_ = next;
        stage_ends_ = now() + grace;
    }
    (void)::kill(worker_, signal_number);
}

int Supervisor::conclude() const {
    const std::string_view text{text_.data(), text_size_};
    if (WIFEXITED(wait_status_)) {
        const int status = WEXITSTATUS(wait_status_);
        if (status == exit_delivered && delivered_) return exit_delivered;
        if (status == exit_rejected && !delivered_ && is_status_line(text, '5'))
            return end(exit_rejected, text);
        if (status == exit_deferred && is_status_line(text, '4')) return end(exit_deferred, text);
        if (exec_error_ != 0)
            log("worker_not_executed", exec_error_);
        else
            log("worker_exited", status);
    } else {
        log("worker_ended_by_signal", WTERMSIG(wait_status_));
    }
    return end(exit_deferred, deferred_line);
}

/// In filter mode standard output belongs to the message. A person who tries things out on a
/// terminal also sees what the worker printed.
int Supervisor::end(int status, std::string_view line) const {
    if (::isatty(STDERR_FILENO) == 1) (void)!::write(STDERR_FILENO, printed_.data(), printed_size_);
    std::array<char, max_status_line + 1> whole{};
    std::copy(line.begin(), line.end(), whole.begin());
    whole[line.size()] = '\n';
    const int fd = arguments_.filter ? STDERR_FILENO : STDOUT_FILENO;
    // Nobody listens when the MTA is gone; the status says the same.
    (void)!::write(fd, whole.data(), line.size() + 1);
    return status;
}

void Supervisor::log(const char* event, int number) const {
    SystemLog::error(event, number, {printed_.data(), printed_size_});
}

}  // namespace
}  // namespace maildircrypt

/// Stands for libstdc++'s, which is not linked and would abort(): an MTA bounces mail on a signal.
/// The worker ends with its supervisor.
void std::__glibcxx_assert_fail(const char*, int, const char*, const char*) noexcept {
    ::_exit(maildircrypt::exit_deferred);
}

int main(int argc, char* argv[]) {
    if (maildircrypt::asks_for_information(argc, argv)) {
        maildircrypt::WorkerPath{}.execute(argv);
        return maildircrypt::exit_deferred;
    }
    return maildircrypt::Supervisor{argc, argv}.run();
}
