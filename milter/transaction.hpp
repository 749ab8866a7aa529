/// One message, from MAIL to its end: who gets it, what becomes of it.
#pragma once

#include "milter/content.hpp"
#include "milter/envelope.hpp"
#include "milter/mta.hpp"
#include "milter/reply.hpp"
#include "milter/service.hpp"

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace maildircrypt {

/// Recipients with keys in one transaction; Postfix's smtpd_recipient_limit is the same.
inline constexpr std::size_t max_keyed_recipients = 1000;
/// Header fields of one message. Postfix looks for an edited field from the first one on, so edits
/// cost the square of this: 3 s for so many.
inline constexpr std::size_t max_fields = 10'000;
/// Octets of all header fields of one message, below what the sealer takes as a header.
inline constexpr std::size_t max_field_octets = 2 * 1024 * 1024;

/// Callbacks that get no reply (fields, end of header, body) keep the first failure; it is the
/// answer at the end of the message. Not thread-safe.
class MilterTransaction {
public:
    /// `size` is what the client declared (SIZE=, RFC 1870), 0 when it did not.
    MilterTransaction(const MilterService& service, ClientKind client, std::size_t size);

    MilterReply recipient(std::string_view argument, const Macros& macros);
    /// All recipients are known. An MTA that leaves this out gets the same answers at the end.
    MilterReply data(const Macros& macros);
    void field(std::string_view name, std::string_view value);
    void end_of_header();
    void body(std::string_view piece);
    MilterReply end_of_message(MessageEditor& editor, const Macros& macros);

private:
    struct ClearRecipient {
        Address address;
        KeyState state;
    };
    struct Resolved {
        RecipientKind kind;
        std::optional<KeyedRecipient> keyed;
        std::optional<ClearRecipient> clear{};
    };
    struct Refusal {
        MilterReply reply;
        std::string cause;
    };
    /// What the recipient is, or the reply that it gets instead of being admitted.
    using Resolution = std::variant<Resolved, Refusal>;
    Resolution resolve_keys(const Address& address);
    /// Likewise, where the recipient may be another one as well: whichever has a key.
    Resolution resolve_either(const Address& address, const std::optional<Address>& typed);
    Resolution resolve_unclear(std::string_view argument, const Macros& macros) const;
    std::optional<Refusal> find_obstacle(const Resolved& recipient) const;
    MilterReply refuse_recipient(std::string_view argument, const Refusal& refusal);
    bool is_known(const Address& address) const;

    MilterReply begin_course();
    void start_content();
    void note(Result<void> result);
    void fail(const Error& error);
    void refuse_message(MilterReply reply, std::string cause);
    MilterReply finish_sealing(MessageEditor& editor);
    bool fits(const SealedStore& store) const;
    MilterReply replace(MessageEditor& editor);
    MilterReply mark(MessageEditor& editor, const std::optional<std::string>& provenance);
    void report_clear() const;
    MilterReply fault(const Error& error);

    void learn_queue_id(const Macros& macros);
    void log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) const;

    const MilterService& service_;
    ClientKind client_;
    std::size_t size_;
    std::string queue_id_ = "NOQUEUE";
    Envelope envelope_;
    std::vector<KeyedRecipient> keyed_;
    std::vector<ClearRecipient> clear_;  ///< at most max_reported
    std::string clear_reason_;
    std::optional<MilterReply>
        refused_recipient_;  ///< of a client that is answered for the whole message

    bool content_started_ = false;
    std::optional<MilterReply> early_end_;  ///< what data() answers; set when content starts
    Course course_ = Course::refuse;
    std::size_t field_octets_ = 0;
    std::vector<std::string> names_;
    std::optional<Admissions::Ticket> ticket_;
    std::unique_ptr<SealedContent> content_;
    std::optional<MilterReply> failure_;
};

}  // namespace maildircrypt
