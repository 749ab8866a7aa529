/// undo_for_test: undoes many payloads, as `maildircrypt open` does with each. Standard input holds
/// records, each its length in decimal, LF and the payload; for each standard output gets a record
/// of the same kind with `=` and the original, or `!` and why it was refused.

#include "admin/undo.hpp"

#include <exception>
#include <iostream>
#include <string>
#include <string_view>

using namespace maildircrypt;

namespace {

std::string undo(std::string_view payload) {
    const auto original = undo_sealing(payload);
    if (!original) return "!" + original.error().what;
    return "=" + std::string{original->begin(), original->end()};
}

}  // namespace

int main() try {
    std::size_t length = 0;
    while (std::cin >> length && std::cin.get() == '\n') {
        std::string payload(length, '\0');
        if (!std::cin.read(payload.data(), static_cast<std::streamsize>(length))) return 1;
        const std::string answer = undo(payload);
        std::cout << answer.size() << '\n' << answer;
    }
    return std::cout.flush() ? 0 : 1;
} catch (const std::exception& error) {
    std::cerr << "undo_for_test: " << error.what() << '\n';
    return 1;
}
