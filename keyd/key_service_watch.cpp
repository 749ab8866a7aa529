#include "keyd/encoding.hpp"
#include "keyd/key_log.hpp"
#include "keyd/key_service.hpp"
#include "keyd/refusal_reason.hpp"
#include "keyd/service_json.hpp"

namespace maildircrypt {
namespace {

constexpr std::int64_t seconds_a_day = 86'400;

/// For the log: who did it.
std::string uid_text(const Caller& caller) {
    return std::to_string(caller.uid);
}

/// The head that the chain had at `sequence`; nothing when it is not that long.
Result<std::optional<std::string>> head_at(Store& store, std::int64_t sequence) {
    if (sequence == 0) {
        auto stamp = store.stamp();
        if (!stamp) return stamp.error();
        auto genesis = genesis_hash(stamp->id);
        if (!genesis) return genesis.error();
        return std::optional{hex_text(*genesis)};
    }
    auto rows = store.log(sequence - 1, 1, std::nullopt);
    if (!rows) return rows.error();
    if (rows->empty()) return std::optional<std::string>{};
    return std::optional{rows->front().hash};
}

std::string contradiction(const LogPosition& noted, const std::optional<std::string>& head) {
    const std::string row = std::to_string(noted.sequence);
    if (!head)
        return "key log: it ends before row " + row +
               ", which was noted: it was cut, or the store is an older one or another";
    return "key log: the hash of row " + row + " is " + *head + ", but " + noted.head +
           " was noted: it was rewritten, or this is another store";
}

}  // namespace

void KeyService::count_upload(const ApiRequest& request, const ApiReply& reply) {
    if (reply.status < 400) {
        if (request.action == Action::add) metrics_.upload_accepted(reply.status == 201);
        return;
    }
    const bool judged = reply.code == "certificate_refused";
    metrics_.upload_refused(judged ? refusal_reason(reply.body) : std::string_view{reply.code});
}

ApiReply KeyService::render_metrics() {
    const std::int64_t now = world_.clock();
    auto stamp = world_.store.stamp();
    if (!stamp) return store_failed(stamp.error());
    auto expiring = world_.store.count_expiring(now, now + expiring_days * seconds_a_day);
    if (!expiring) return store_failed(expiring.error());
    return {200, metrics_.render({std::move(*stamp), *expiring}), metrics_content_type};
}

ApiReply KeyService::verify_log(const LogPosition& noted) {
    const auto broken = [this](const std::string& why) {
        world_.log.event(LogLevel::error, "key_log_broken", {{"reason", why}});
        return error_reply(409, "log_broken", why);
    };
    auto end = world_.store.verify_log();
    if (!end && end.error().fate == Fate::refuse) return broken(end.error().what);
    if (!end) return store_failed(end.error());
    if (!noted.head.empty()) {
        auto head = head_at(world_.store, noted.sequence);
        if (!head) return store_failed(head.error());
        if (*head != noted.head) return broken(contradiction(noted, *head));
    }
    return json_reply(200, {{"sequence", end->sequence}, {"head", end->head}});
}

ApiReply KeyService::erase_log(const ApiRequest& request, const Caller& caller) {
    if (!request.name)
        return error_reply(400, "bad_request", "Say whose rows: ?address=ADDRESS.");
    const EntryName& name = *request.name;
    auto binding = world_.store.binding(name);
    if (!binding) return store_failed(binding.error());
    if (binding->version != 0)
        return error_reply(
            409, "address_known",
            name.text() + " is still known. Release it first: keyd-cli remove " + name.text());
    auto erased = world_.store.erase_openings(name);
    if (!erased) return store_failed(erased.error());
    world_.log.event(LogLevel::warning, "log_erased",
                     {{"rows", std::to_string(*erased)}, {"uid", uid_text(caller)}});
    return json_reply(200, {{"erased", *erased}});
}

/// What the front end went by counts, unless it saw no key: then what the store knows now, or once
/// knew.
Result<ClearKind> KeyService::clear_kind(const ApiRequest& request) {
    if (request.clear_as != KeyState::no_key) return clear_kind_of(request.clear_as);
    auto resolved = resolve(*request.address, world_.store, world_.rules, world_.clock());
    if (!resolved) return resolved.error();
    if (resolved->state != KeyState::no_key) return clear_kind_of(resolved->state);
    auto rows = world_.store.log(0, 1, *request.address);
    if (!rows) return rows.error();
    return rows->empty() ? ClearKind::no_key : ClearKind::released;
}

ApiReply KeyService::report_clear(const ApiRequest& request, const Caller& caller) {
    auto kind = clear_kind(request);
    if (!kind) return store_failed(kind.error());
    metrics_.clear_mail(*kind);
    const bool alarm = is_alarming(*kind);
    if (alarm)
        if (const auto left_out = alarms_.pass(std::chrono::steady_clock::now()))
            world_.log.event(LogLevel::warning, "clear_mail",
                             {{"address", request.address->text()},
                              {"state", std::string{token_of(*kind)}},
                              {"uid", uid_text(caller)},
                              {"left_out", std::to_string(*left_out)}});
    return json_reply(
        200, {{"address", request.address->text()}, {"state", token_of(*kind)}, {"alarm", alarm}});
}

}  // namespace maildircrypt
