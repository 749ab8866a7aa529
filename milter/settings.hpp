/// The options of maildircrypt-milter, read and checked; etc/milter.conf explains each.
#pragma once

#include "base/log.hpp"
#include "base/options.hpp"
#include "base/result.hpp"
#include "milter/service.hpp"
#include "seal/sealer.hpp"

#include <cstddef>
#include <string>

#include <sys/types.h>

namespace maildircrypt {

struct MilterSettings {
    std::string socket_path;
    mode_t socket_mode = 0;
    std::string keyd_socket;
    std::string store_id;  ///< empty is any
    MilterPolicy policy;
    SealOptions seal;
    std::size_t max_messages = 0;
    std::size_t max_octets = 0;
    std::size_t spill_memory = 0;
    std::string spill_directory;
    Log::Target log_target = Log::Target::standard_error;
};

ProgramDescription milter_program();
/// Errors (refuse) name the option.
Result<MilterSettings> read_settings(const boost::program_options::variables_map& values);

}  // namespace maildircrypt
