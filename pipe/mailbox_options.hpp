/// The options of both guards that say how mailboxes are called.
#pragma once

#include "base/options.hpp"
#include "base/result.hpp"
#include "pipe/recipient_policy.hpp"

namespace maildircrypt {

void add_mailbox_options(boost::program_options::options_description& options);
/// Errors (refuse) name the option.
Result<MailboxNames> read_mailbox_names(const boost::program_options::variables_map& values);

}  // namespace maildircrypt
