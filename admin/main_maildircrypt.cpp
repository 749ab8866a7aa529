/// The program `maildircrypt`: what users and administrators do by hand.

#include "admin/command.hpp"
#include "admin/open_command.hpp"
#include "base/process.hpp"
#include "base/version.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <iomanip>
#include <iostream>

using namespace maildircrypt;

namespace {

constexpr std::array commands{
    Command{"open", "give back the original of sealed mail", open_command},
};

void print_help() {
    std::cout << "Usage: maildircrypt COMMAND [OPTION]... [ARGUMENT]...\n\nCommands:\n";
    for (const auto& command : commands)
        std::cout << "  " << std::left << std::setw(10) << command.name << command.summary << '\n';
    std::cout << "\n`maildircrypt COMMAND --help` tells more; so does maildircrypt(1).\n";
}

ExitStatus run(int argc, const char* const argv[]) {
    const std::string_view word = argc > 1 ? argv[1] : "";
    if (word == "--help" || word == "-h") {
        print_help();
        return ExitStatus::done;
    }
    if (word == "--version") {
        std::cout << "maildircrypt " << version << '\n';
        return ExitStatus::done;
    }
    const auto* const command = std::ranges::find(commands, word, &Command::name);
    if (command != commands.end()) return command->run(argc - 1, argv + 1);
    std::cerr << "maildircrypt: " << (word.empty() ? "a command is missing" : "no such command")
              << " (see maildircrypt --help)\n";
    return ExitStatus::broken_off;
}

}  // namespace

int main(int argc, char* argv[]) try {
    keep_memory_private();
    wipe_freed_memory();
    return static_cast<int>(run(argc, argv));
} catch (const std::exception& error) {
    std::cerr << "maildircrypt: " << error.what() << '\n';
    return static_cast<int>(ExitStatus::broken_off);
}
