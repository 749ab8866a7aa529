/// Options of a program, from the command line and from a configuration file with the same names.
#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>

#include <boost/program_options.hpp>

namespace maildircrypt {

/// The names and help texts of one program.
struct ProgramDescription {
    std::string name;     ///< "keyd-cli"
    std::string usage;    ///< what follows "Usage: " in --help, may hold several lines
    std::string summary;  ///< one sentence
    boost::program_options::options_description options;  ///< command line and configuration file
    boost::program_options::positional_options_description positional;
    boost::program_options::options_description
        positional_options;  ///< command line only, not in --help
};

/// Parsed options; empty when --help or --version was answered on standard output and main() should
/// return 0.
using ParsedOptions = std::optional<boost::program_options::variables_map>;

/// Adds --config FILE, --help and --version. The command line wins over the file. An unknown
/// option, a bad value or an unreadable file is an error of fate refuse that names it and points to
/// --help.
Result<ParsedOptions> parse_options(const ProgramDescription& program, int argc,
                                    const char* const argv[]);

}  // namespace maildircrypt
