/// What the pipe is asked to do: command line, configuration file and Exim's environment.
#pragma once

#include "base/options.hpp"
#include "base/result.hpp"
#include "pipe/maildir_template.hpp"
#include "pipe/recipient_policy.hpp"
#include "seal/policy.hpp"
#include "seal/sealer.hpp"

#include <optional>
#include <string>

namespace maildircrypt {

struct PipeOptions {
    std::string recipient;  ///< as the MTA wrote it
    std::string sender;
    std::string queue_id;
    std::optional<MaildirTemplate> maildir;  ///< none in filter mode
    MailboxNames names;
    std::string keyd_socket;
    std::string store_id;  ///< of the key store; empty is any
    std::string spill_directory;
    int deadline = 0;  ///< seconds
    PolicyConfig policy;
    SealOptions seal;
};

ProgramDescription describe_pipe();

/// Looks up a name in an environment: a null pointer when it is not there.
using Environment = const char* (*)(const char* name);

/// Judges parsed options and takes from Exim's environment what they do not say. An error is of
/// fate refuse: a fault of the configuration.
Result<PipeOptions> read_pipe_options(const boost::program_options::variables_map& values,
                                      Environment environment);

}  // namespace maildircrypt
