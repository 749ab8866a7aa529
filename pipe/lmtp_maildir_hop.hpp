/// The next hop "maildir:TEMPLATE".
#pragma once

#include "pipe/lmtp_next_hop.hpp"
#include "pipe/maildir_template.hpp"

#include <string>

namespace maildircrypt::lmtp {

/// Everything is written as the one user that this process runs as.
class MaildirHop : public NextHop {
public:
    /// `delimiter` as for MaildirTemplate::expand(); `host` goes into file names.
    MaildirHop(MaildirTemplate path, std::string delimiter, std::string host)
        : path_(std::move(path)), delimiter_(std::move(delimiter)), host_(std::move(host)) {}

    Offer offer() const override { return {}; }
    LineEnd line_end() const override { return LineEnd::lf; }
    Reply judge(const Sender& sender, const Recipient& envelope,
                const Address& address) const override;
    bool has_room_for(std::uint64_t) const override { return true; }
    Result<std::unique_ptr<Delivery>> open(const Sender& sender,
                                           std::vector<Destination> destinations,
                                           TextOrigin origin) override;

private:
    const MaildirTemplate path_;
    const std::string delimiter_;
    const std::string host_;
};

}  // namespace maildircrypt::lmtp
