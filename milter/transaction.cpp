#include "milter/transaction.hpp"

#include "milter/header_edits.hpp"
#include "milter/marks.hpp"
#include "milter/recipient_address.hpp"
#include "seal/header.hpp"
#include "seal/provenance.hpp"

#include <algorithm>
#include <utility>

namespace maildircrypt {
namespace {

/// Recipients of one message whose mail passed in clear, of whom keyd is told.
constexpr std::size_t max_reported = 1000;

static_assert(max_field_octets < max_header && max_fields < max_header_fields);

/// Pieces of the new body, one reply each.
class BodyReplacement : public Sink {
public:
    explicit BodyReplacement(MessageEditor& editor) : editor_(editor) {}
    Result<void> write(std::string_view piece) override { return editor_.replace_body(piece); }

private:
    MessageEditor& editor_;
};

Result<void> apply(const HeaderEdit& edit, MessageEditor& editor) {
    switch (edit.kind) {
        case HeaderEdit::Kind::change:
            return editor.change_field(edit.name, edit.index, edit.value);
        case HeaderEdit::Kind::remove:
            return editor.remove_field(edit.name, edit.index);
        case HeaderEdit::Kind::insert:
            return editor.insert_field(edit.index, edit.name, edit.value);
        case HeaderEdit::Kind::append:
            return editor.append_field(edit.name, edit.value);
    }
    return retry("no such header edit");
}

Result<void> edit_header(std::span<const std::string> names, const OuterHeader& outer,
                         MessageEditor& editor) {
    const auto edits = plan_header_edits(names, outer);
    if (!edits) return edits.error();
    for (const auto& edit : *edits)
        if (auto done = apply(edit, editor); !done) return done;
    return {};
}

}  // namespace

MilterTransaction::MilterTransaction(const MilterService& service, ClientKind client,
                                     std::size_t size)
    : service_(service), client_(client), size_(size), envelope_(service.policy.envelope, client) {}

MilterReply MilterTransaction::recipient(std::string_view argument, const Macros& macros) {
    learn_queue_id(macros);
    if (content_started_) return fault(retry("the MTA named a recipient after content"));
    const auto address = recipient_address(argument, macros, service_.policy.origin);
    if (address && is_known(*address)) return replies::proceed();
    auto resolved = address && !names_host(*address)
                        ? resolve_either(*address, typed_address(argument, *address))
                        : resolve_unclear(argument, macros);
    if (auto* refusal = std::get_if<Refusal>(&resolved))
        return refuse_recipient(argument, *refusal);
    auto& recipient = std::get<Resolved>(resolved);
    if (const auto obstacle = find_obstacle(recipient))
        return refuse_recipient(argument, *obstacle);
    envelope_.add(recipient.kind);
    if (recipient.keyed && !is_known(recipient.keyed->address))
        keyed_.push_back(std::move(*recipient.keyed));
    if (recipient.clear && clear_.size() < max_reported)
        clear_.push_back(std::move(*recipient.clear));
    return replies::proceed();
}

bool MilterTransaction::is_known(const Address& address) const {
    return std::any_of(keyed_.begin(), keyed_.end(), [&](const KeyedRecipient& recipient) {
        return recipient.address == address;
    });
}

auto MilterTransaction::resolve_unclear(std::string_view argument, const Macros& macros) const
    -> Resolution {
    if (!may_be_ours(argument, macros, service_.policy.keys))
        return Resolved{RecipientKind::foreign, {}};
    if (service_.policy.envelope.guard) return Resolved{RecipientKind::unclear, {}};
    return Refusal{replies::bad_address(), "not an address"};
}

auto MilterTransaction::resolve_keys(const Address& address) -> Resolution {
    const PolicyConfig& policy = service_.policy.keys;
    if (!covers(policy, address)) return Resolved{RecipientKind::foreign, {}};
    auto keys = service_.lookup(address);
    if (!keys) return Refusal{replies::fault(), keys.error().what};
    switch (treat(policy, keys->state)) {
        case Treatment::untouched:
            return Resolved{RecipientKind::foreign, {}};
        case Treatment::seal:
            if (keys->plan.seal_to.empty())
                return Refusal{replies::fault(), "keyd named no key to seal to"};
            return Resolved{RecipientKind::keyed, KeyedRecipient{address, std::move(*keys)}};
        case Treatment::pass_clear:
            if (clear_reason_.empty()) clear_reason_ = token_of(keys->state);
            return Resolved{RecipientKind::clear, {}, ClearRecipient{address, keys->state}};
        case Treatment::defer:
            return Refusal{replies::policy_defer(explain(keys->state)), "policy"};
        case Treatment::reject:
            return Refusal{replies::policy_reject(explain(keys->state)), "policy"};
    }
    return Refusal{replies::fault(), "no such treatment"};
}

auto MilterTransaction::resolve_either(const Address& address, const std::optional<Address>& typed)
    -> Resolution {
    const auto is = [](const Resolution& resolution, RecipientKind kind) {
        const auto* resolved = std::get_if<Resolved>(&resolution);
        return resolved != nullptr && resolved->kind == kind;
    };
    auto result = resolve_keys(address);
    if (!typed || is(result, RecipientKind::keyed)) return result;
    auto other = resolve_keys(*typed);
    const bool wins =
        is(other, RecipientKind::keyed) ||
        (std::holds_alternative<Resolved>(result) && !is(other, RecipientKind::foreign));
    return wins ? std::move(other) : std::move(result);
}

auto MilterTransaction::find_obstacle(const Resolved& recipient) const -> std::optional<Refusal> {
    if (!envelope_.admits(recipient.kind)) return Refusal{replies::come_back(), "mixed recipients"};
    if (recipient.kind != RecipientKind::keyed) return std::nullopt;
    if (keyed_.size() >= max_keyed_recipients)
        return Refusal{replies::too_many_recipients(), "too many recipients"};
    const bool compressed = service_.seal.encryption.compression != Compression::none;
    const std::size_t limit = service_.policy.size_limit;
    if (limit != 0 && least_sealed_size(size_, compressed) > limit)
        return Refusal{replies::too_large(), "declared size"};
    return std::nullopt;
}

/// A client without SMTP cannot be answered per recipient (Postfix takes it for a configuration
/// error and keeps the mail in the maildrop for ever): later beats never.
MilterReply MilterTransaction::refuse_recipient(std::string_view argument, const Refusal& refusal) {
    log(LogLevel::warning, "recipient-refused",
        {{"recipient", std::string{argument}},
         {"reply", refusal.reply.line()},
         {"cause", refusal.cause}});
    if (client_ != ClientKind::local) return refusal.reply;
    if (!refused_recipient_ || refusal.reply.action == MilterReply::Action::defer)
        refused_recipient_ = refusal.reply;
    return replies::proceed();
}

MilterReply MilterTransaction::data(const Macros& macros) {
    learn_queue_id(macros);
    return failure_ ? *failure_ : begin_course();
}

MilterReply MilterTransaction::begin_course() {
    if (refused_recipient_) return *refused_recipient_;
    if (envelope_.empty()) return fault(retry("the MTA named no recipient"));
    course_ = envelope_.course();
    switch (course_) {
        case Course::untouched:
            return replies::accept();
        case Course::leave_to_guard:
            log(LogLevel::info, "left-to-guard", {{"cause", "mixed recipients"}});
            return replies::accept();
        case Course::refuse:
            refuse_message(replies::send_separately(), "mixed recipients");
            return *failure_;
        case Course::seal:
        case Course::pass_clear:
        case Course::pass_unmarked:
            return replies::proceed();
    }
    return fault(retry("no such course"));
}

void MilterTransaction::start_content() {
    if (content_started_ || failure_) return;
    content_started_ = true;
    early_end_ = begin_course();
    if (early_end_->action != MilterReply::Action::proceed) return;
    if (auto ticket = service_.admissions.admit()) ticket_.emplace(std::move(*ticket));
    if (!ticket_) return refuse_message(replies::busy(), "messages in flight");
    if (course_ == Course::seal)
        content_ = std::make_unique<SealedContent>(service_, *ticket_, std::move(keyed_));
}

void MilterTransaction::field(std::string_view name, std::string_view value) {
    start_content();
    if (!ticket_) return;
    const std::size_t octets = name.size() + value.size() + 3;
    field_octets_ += octets;
    if (names_.size() == max_fields || field_octets_ > max_field_octets)
        return refuse_message(replies::header_too_large(), "header");
    if (!ticket_->take_header(octets))
        return refuse_message(replies::busy(), "header octets in flight");
    names_.emplace_back(name);
    if (content_) note(content_->field(name, value));
}

void MilterTransaction::end_of_header() {
    start_content();
    if (content_) note(content_->end_of_header());
}

void MilterTransaction::body(std::string_view piece) {
    if (content_) note(content_->body(piece));
}

void MilterTransaction::note(Result<void> result) {
    if (!result) fail(result.error());
}

void MilterTransaction::fail(const Error& error) {
    refuse_message(replies::fault(), error.what);
}

/// The first failure counts; what was kept is given back at once.
void MilterTransaction::refuse_message(MilterReply reply, std::string cause) {
    content_.reset();
    ticket_.reset();
    if (failure_) return;
    log(LogLevel::warning, "refused", {{"reply", reply.line()}, {"cause", std::move(cause)}});
    failure_ = std::move(reply);
}

MilterReply MilterTransaction::end_of_message(MessageEditor& editor, const Macros& macros) {
    learn_queue_id(macros);
    if (failure_) return *failure_;
    if (!early_end_) return fault(retry("the MTA ended a message without a header"));
    if (early_end_->action != MilterReply::Action::proceed) return *early_end_;
    switch (course_) {
        case Course::seal:
            return finish_sealing(editor);
        case Course::pass_clear:
            return mark(editor, clear_provenance(service_.seal.host, clear_reason_));
        case Course::pass_unmarked:
            return mark(editor, std::nullopt);
        case Course::untouched:
        case Course::leave_to_guard:
        case Course::refuse:
            break;
    }
    return fault(retry("the end of a message that had ended before"));
}

MilterReply MilterTransaction::finish_sealing(MessageEditor& editor) {
    const auto outcome = content_->finish();
    if (!outcome) return fault(outcome.error());
    switch (*outcome) {
        case SealedContent::Outcome::sealed:
            return replace(editor);
        case SealedContent::Outcome::already_encrypted:
            log(LogLevel::info, "already-encrypted", {});
            return mark(editor, end_to_end_provenance(service_.seal.host));
        case SealedContent::Outcome::left_to_guard:
            log(LogLevel::info, "left-to-guard", {{"cause", "recipient not named"}});
            return replies::accept();
        case SealedContent::Outcome::too_large:
            refuse_message(replies::too_large(), "sealed size");
            return *failure_;
        case SealedContent::Outcome::too_much:
            refuse_message(replies::busy(), "octets in flight");
            return *failure_;
    }
    return replies::fault();
}

bool MilterTransaction::fits(const SealedStore& store) const {
    const std::size_t limit = service_.policy.size_limit;
    return limit == 0 ||
           queued_size(store.size(), names_.size(), field_octets_, envelope_.keyed()) <= limit;
}

/// The body first: from then on no clear octet of it is left in the MTA's queue file.
MilterReply MilterTransaction::replace(MessageEditor& editor) {
    const SealedStore& store = content_->store();
    if (!fits(store)) {
        refuse_message(replies::too_large(), "sealed size");
        return *failure_;
    }
    BodyReplacement body{editor};
    auto done = store.sealed_body().read_to(body, max_body_piece);
    if (done) done = edit_header(names_, store.outer_header(), editor);
    if (!done) return fault(done.error());
    log(LogLevel::info, "sealed",
        {{"recipients", std::to_string(envelope_.keyed())},
         {"size", std::to_string(store.size())}});
    return replies::proceed();
}

MilterReply MilterTransaction::mark(MessageEditor& editor,
                                    const std::optional<std::string>& provenance) {
    if (auto done = edit_header(names_, marked_header(names_, provenance), editor); !done)
        return fault(done.error());
    if (course_ == Course::seal) return replies::proceed();
    log(LogLevel::info, "clear", {{"reason", clear_reason_}});
    report_clear();
    return replies::proceed();
}

/// A guard sees the message as well, and reports what becomes of it there.
void MilterTransaction::report_clear() const {
    if (service_.policy.envelope.guard || !service_.passed_in_clear) return;
    for (const ClearRecipient& recipient : clear_)
        service_.passed_in_clear(recipient.address, recipient.state);
}

MilterReply MilterTransaction::fault(const Error& error) {
    fail(error);
    return *failure_;
}

/// The queue id is absent until DATA in Postfix.
void MilterTransaction::learn_queue_id(const Macros& macros) {
    if (const auto id = macros.find("i"); id && !id->empty()) queue_id_ = *id;
}

void MilterTransaction::log(LogLevel level, std::string_view event,
                            std::initializer_list<LogField> fields) const {
    service_.log.event(level, queue_id_ + ": " + std::string{event}, fields);
}

}  // namespace maildircrypt
