#include "keyd/limited_process.hpp"

#include "base/fd.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

using Clock = std::chrono::steady_clock;

/// posix_spawn's two kinds of settings; both are structures that must be destroyed.
class SpawnSettings {
public:
    SpawnSettings() {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
    }
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    /// 0 or an errno value.
    int prepare(const std::string& input, int output);

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

int SpawnSettings::prepare(const std::string& input, int output) {
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    for (const int error :
         {::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input.c_str(), O_RDONLY, 0),
          ::posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO),
          ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0),
          ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1),
          ::posix_spawnattr_setpgroup(&attributes, 0),
          ::posix_spawnattr_setsigmask(&attributes, &none),
          ::posix_spawnattr_setsigdefault(&attributes, &all),
          ::posix_spawnattr_setflags(
              &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)})
        if (error != 0) return error;
    return 0;
}

/// Leads a process group; the group is killed and the leader reaped at the end of its life.
class ProcessGroup {
public:
    explicit ProcessGroup(pid_t leader) : leader_(leader) {}
    ~ProcessGroup() {
        // Before the leader is reaped, so that its number cannot be anybody else's yet.
        ::kill(-leader_, SIGKILL);
        while (::waitpid(leader_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    ProcessGroup(const ProcessGroup&) = delete;
    ProcessGroup& operator=(const ProcessGroup&) = delete;

private:
    pid_t leader_;
};

Result<pid_t> spawn(const ProcessRequest& request, int output) {
    SpawnSettings settings;
    if (const int error = settings.prepare(request.input, output); error != 0)
        return errno_error("prepare " + request.program, error);
    std::string program = request.program;
    std::vector<std::string> words = request.arguments;
    std::vector<char*> arguments{program.data()};
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    std::vector<std::string> variables = request.environment;
    std::vector<char*> environment;
    for (std::string& variable : variables) environment.push_back(variable.data());
    environment.push_back(nullptr);
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, program.c_str(), &settings.actions, &settings.attributes,
                                    arguments.data(), environment.data());
    if (error != 0) return errno_error("start " + program, error);
    return pid;
}

/// Whether there is something to read, or the end, before `end`.
Result<bool> await_output(int fd, Clock::time_point end) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
        if (left <= 0) return false;
        pollfd wanted{fd, POLLIN, 0};
        const int ready = ::poll(&wanted, 1, static_cast<int>(std::min<long>(left, 60'000)));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return errno_error("poll");
    }
}

Result<std::string> read_output(int fd, const ProcessRequest& request) {
    const auto end = Clock::now() + request.deadline;
    std::string text;
    char buffer[8192];
    for (;;) {
        const auto ready = await_output(fd, end);
        if (!ready) return ready.error();
        if (!*ready) return retry(request.program + ": not at its end in time");
        const auto count = read_some(fd, buffer, "read from " + request.program);
        if (!count) return count.error();
        if (*count == 0) return text;
        if (text.size() + *count > request.max_output)
            return retry(request.program + ": wrote too much");
        text.append(buffer, *count);
    }
}

}  // namespace

Result<std::string> run_limited(const ProcessRequest& request) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe");
    const Fd ours{ends[0]};
    Fd theirs{ends[1]};
    const auto pid = spawn(request, theirs.get());
    if (!pid) return pid.error();
    const ProcessGroup group{*pid};
    theirs = Fd{};
    return read_output(ours.get(), request);
}

}  // namespace maildircrypt
