/// `maildircrypt open`, as maildircrypt(1) describes it.
#pragma once

#include "admin/command.hpp"

namespace maildircrypt {

ExitStatus open_command(int argc, const char* const argv[]);

}  // namespace maildircrypt
