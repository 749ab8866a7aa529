#include "base/options.hpp"

#include "base/version.hpp"

#include <fstream>
#include <iostream>

namespace maildircrypt {
namespace {

namespace po = boost::program_options;

void print_help(const ProgramDescription& program, const po::options_description& shown) {
    std::cout << "Usage: " << program.usage << "\n\n" << program.summary << "\n\n" << shown << '\n';
}

Result<void> read_file(const ProgramDescription& program, const std::string& path,
                       po::variables_map& values) {
    std::ifstream file{path};
    if (!file) return refuse("cannot read the configuration file " + path);
    try {
        po::store(po::parse_config_file(file, program.options), values);
    } catch (const po::error& error) {
        return refuse(path + ": " + error.what());
    }
    if (file.bad()) return refuse("cannot read the configuration file " + path);
    return {};
}

}  // namespace

Result<ParsedOptions> parse_options(const ProgramDescription& program, int argc,
                                    const char* const argv[]) {
    po::options_description common;
    common.add_options()("config", po::value<std::string>()->value_name("FILE"),
                         "read options from FILE, one 'name = value' a line")(
        "help", "show this text and exit")("version", "show the version and exit");
    po::options_description shown{"Options"};
    shown.add(program.options).add(common);
    po::options_description all;
    all.add(shown).add(program.positional_options);
    po::variables_map values;
    try {
        const auto style =
            po::command_line_style::default_style & ~po::command_line_style::allow_guessing;
        po::store(po::command_line_parser(argc, argv)
                      .options(all)
                      .positional(program.positional)
                      .style(style)
                      .run(),
                  values);
        if (values.count("help") != 0) {
            print_help(program, shown);
            return ParsedOptions{};
        }
        if (values.count("version") != 0) {
            std::cout << program.name << " (maildircrypt) " << version << '\n';
            return ParsedOptions{};
        }
        if (values.count("config") != 0) {
            auto read = read_file(program, values["config"].as<std::string>(), values);
            if (!read) return read.error();
        }
        po::notify(values);
    } catch (const po::error& error) {
        return refuse(std::string{error.what()} + " (see " + program.name + " --help)");
    }
    return ParsedOptions{std::move(values)};
}

}  // namespace maildircrypt
