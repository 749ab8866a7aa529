/// Random messages for property tests: ordinary mail, odd mail and broken mail, from a seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace maildircrypt::test {

/// The same seed gives the same messages on every machine.
class MessageGenerator {
public:
    explicit MessageGenerator(std::uint64_t seed) : random_(seed) {}

    /// 0 to `below` - 1.
    std::size_t number(std::size_t below);
    bool chance(unsigned percent) { return number(100) < percent; }
    template <class List>
    auto pick(const List& list) {
        return list[number(std::size(list))];
    }

    /// A whole message, mostly below 10 kB.
    std::string message();
    /// Changes `message` in a few places as a broken program would: octets lost, doubled, changed,
    /// fields repeated, the end cut off.
    void mutate(std::string& message);
    /// Octets of any value.
    std::string octets(std::size_t size);

private:
    std::string header();
    std::string field();
    std::string value();
    std::string content_type();
    std::string parameter();
    std::string body();
    std::string line();
    std::string with_line_ends(const std::string& text);

    std::mt19937_64 random_;
};

}  // namespace maildircrypt::test
