/// One log line per event, as `event key=value ...` with stable keys. Message content and secrets
/// never get here.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace maildircrypt {

enum class LogLevel { error = 3, warning = 4, info = 6, debug = 7 };  // syslog(3) priorities

struct LogField {
    std::string_view key;
    std::string value;  ///< any bytes: controls, quotes and spaces are escaped when written
};

/// Where lines go is fixed at construction. event() may be called from any thread.
class Log {
public:
    enum class Target {
        standard_error,  ///< daemons; priorities as `<N>` in front when the journal reads them
        syslog,          ///< programs whose output the MTA reads; facility mail
    };
    Log(Target target, std::string program);

    void event(LogLevel level, std::string_view event,
               std::initializer_list<LogField> fields) const;

private:
    Target target_;
    std::string program_;
    bool journal_;
};

/// The line without priority and program name. Pure, for tests.
std::string format_event(std::string_view event, std::initializer_list<LogField> fields);

}  // namespace maildircrypt
