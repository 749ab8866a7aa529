/// The options of every front end that decides and seals: --domains, --no-key, --host, --subject
/// and so on.
#pragma once

#include "base/result.hpp"
#include "seal/policy.hpp"
#include "seal/sealer.hpp"

#include <boost/program_options.hpp>

namespace maildircrypt {

void add_policy_options(boost::program_options::options_description& options);
Result<PolicyConfig> read_policy(const boost::program_options::variables_map& values);

void add_seal_options(boost::program_options::options_description& options);
/// Host defaults to the host's name. `line_end` is the front end's business.
Result<SealOptions> read_seal_options(const boost::program_options::variables_map& values);

/// Of guards alone: --sealed-by. Reading it needs the host of `seal`.
void add_guard_options(boost::program_options::options_description& options);
Result<void> read_guard_options(const boost::program_options::variables_map& values,
                                SealOptions& seal);

}  // namespace maildircrypt
