#include "pipe/mailbox_options.hpp"

#include "seal/address.hpp"
#include "seal/ascii.hpp"

namespace maildircrypt {
namespace {

namespace po = boost::program_options;

auto text_option(const char* placeholder) {
    return po::value<std::string>()->value_name(placeholder)->default_value("");
}

}  // namespace

void add_mailbox_options(po::options_description& options) {
    options.add_options()(
        "recipient-delimiter", text_option("CHARACTERS"),
        "what follows the first of these in a local part is a detail: left out in %u and %a, and "
        "sealed as the address without it unless it has keys of its own")(
        "mailbox-domain", text_option("DOMAIN"),
        "where mailboxes are called by local part alone: mail for an address without a key is "
        "sealed as that for the same local part here");
}

Result<MailboxNames> read_mailbox_names(const po::variables_map& values) {
    const auto& domain = values["mailbox-domain"].as<std::string>();
    if (!domain.empty() && !Address::parse("postmaster@" + domain))
        return refuse("option 'mailbox-domain': '" + domain + "' is not a domain");
    return MailboxNames{values["recipient-delimiter"].as<std::string>(), fold_ascii(domain)};
}

}  // namespace maildircrypt
