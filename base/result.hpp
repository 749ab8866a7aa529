/// Expected failure as a value: Result<T> holds a T or an Error that says whether to try again.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace maildircrypt {

/// What a failure means for the mail or request at hand. Whoever does not know says retry.
enum class Fate {
    retry,   ///< temporary: nothing is lost, the peer may come again (451, exit 75, HTTP 503)
    refuse,  ///< permanent: the input itself is wrong and stays wrong (HTTP 4xx, usage error)
};

/// `what` names step, object and cause; never message content, never a secret.
struct Error {
    Fate fate;
    std::string what;
};

inline Error retry(std::string what) {
    return {Fate::retry, std::move(what)};
}
inline Error refuse(std::string what) {
    return {Fate::refuse, std::move(what)};
}

/// "STEP: STRERROR(errno)", fate retry. Call it before anything else can change errno.
Error errno_error(const std::string& step);
/// The same for an errno value that is at hand.
Error errno_error(const std::string& step, int error_number);

template <class T>
class [[nodiscard]] Result {
public:
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    explicit operator bool() const { return state_.index() == 0; }
    /// Precondition of the accessors: the matching state holds (std::bad_variant_access if not).
    T& value() & { return std::get<0>(state_); }
    const T& value() const& { return std::get<0>(state_); }
    T&& value() && { return std::get<0>(std::move(state_)); }
    T& operator*() & { return value(); }
    const T& operator*() const& { return value(); }
    T&& operator*() && { return std::move(*this).value(); }
    T* operator->() { return &value(); }
    const T* operator->() const { return &value(); }
    const Error& error() const { return std::get<1>(state_); }

private:
    std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
public:
    Result() : error_{Fate::retry, {}}, ok_(true) {}
    Result(Error error) : error_(std::move(error)), ok_(false) {}

    explicit operator bool() const { return ok_; }
    const Error& error() const { return error_; }

private:
    Error error_;
    bool ok_;
};

}  // namespace maildircrypt
