#include "base/log.hpp"

#include "base/fd.hpp"

#include <cstdlib>

#include <syslog.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

bool is_plain(char c) {
    return c > ' ' && c < '\x7f' && c != '"' && c != '\\' && c != '=';
}

void append_value(std::string& line, std::string_view value) {
    bool plain = !value.empty();
    for (const char c : value) plain = plain && is_plain(c);
    if (plain) {
        line += value;
        return;
    }
    static constexpr char digits[] = "0123456789abcdef";
    line += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            line += {'\\', c};
        } else if (c >= ' ' && c < '\x7f') {
            line += c;
        } else {
            const auto octet = static_cast<unsigned char>(c);
            line += {'\\', 'x', digits[octet >> 4], digits[octet & 15]};
        }
    }
    line += '"';
}

}  // namespace

std::string format_event(std::string_view event, std::initializer_list<LogField> fields) {
    std::string line{event};
    for (const auto& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        append_value(line, field.value);
    }
    return line;
}

Log::Log(Target target, std::string program)
    : target_(target),
      program_(std::move(program)),
      journal_(std::getenv("JOURNAL_STREAM") != nullptr) {
    if (target_ == Target::syslog) openlog(program_.c_str(), LOG_PID, LOG_MAIL);
}

void Log::event(LogLevel level, std::string_view event,
                std::initializer_list<LogField> fields) const {
    const std::string text = format_event(event, fields);
    if (target_ == Target::syslog) {
        ::syslog(static_cast<int>(level), "%s", text.c_str());
        return;
    }
    const std::string prefix =
        journal_ ? "<" + std::to_string(static_cast<int>(level)) + ">" : program_ + ": ";
    // One write per line keeps lines of several threads whole; a log that cannot be written stops
    // no mail.
    (void)write_all(STDERR_FILENO, prefix + text + "\n", "log");
}

}  // namespace maildircrypt
