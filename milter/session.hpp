/// One connection of the MTA: its messages, one after the other. Knows no libmilter.
#pragma once

#include "milter/mta.hpp"
#include "milter/reply.hpp"
#include "milter/service.hpp"
#include "milter/transaction.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace maildircrypt {

/// Callbacks may come in any order a broken or hostile MTA likes; what comes outside a message is
/// answered with 451 where an answer is due. Not thread-safe: libmilter calls one at a time.
class MilterSession {
public:
    explicit MilterSession(const MilterService& service) : service_(service) {}

    void connect(std::optional<Peer> peer) { peer_ = std::move(peer); }
    /// `arguments` are the sender and its ESMTP parameters. Ends a message that is still open.
    void mail(std::span<const std::string_view> arguments, const Macros& macros);
    MilterReply recipient(std::string_view argument, const Macros& macros);
    MilterReply data(const Macros& macros);
    void field(std::string_view name, std::string_view value);
    void end_of_header();
    void body(std::string_view piece);
    /// The message is over, whatever the reply.
    MilterReply end_of_message(MessageEditor& editor, const Macros& macros);
    /// Also called when no message is open.
    void abort() noexcept { transaction_.reset(); }

private:
    ClientKind client_kind(const Macros& macros) const;
    /// After a reply that ends the message no further callback comes for it, abort included.
    MilterReply ending(MilterReply reply);

    const MilterService& service_;
    std::optional<Peer> peer_;
    std::optional<MilterTransaction> transaction_;
};

/// The value of SIZE= among ESMTP parameters (RFC 1870 §3), 0 without one that is a number.
std::size_t declared_size(std::span<const std::string_view> arguments);

}  // namespace maildircrypt
