/// What keyd does, apart from sockets: answers requests from the store, within the caller's rights.
#pragma once

#include "base/log.hpp"
#include "keyd/api_reply.hpp"
#include "keyd/api_request.hpp"
#include "keyd/backup_session.hpp"
#include "keyd/caller.hpp"
#include "keyd/event_brake.hpp"
#include "keyd/metrics.hpp"
#include "keyd/resolver.hpp"
#include "keyd/store.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include <nlohmann/json_fwd.hpp>

namespace maildircrypt {

inline constexpr std::size_t max_certificates = 8;  ///< of one address (devices)

/// Of one kind in the log, when somebody causes them by the thousand.
inline constexpr std::size_t events_per_second = 20;

/// What the service asks of the world; tests put fakes here.
struct ServiceDependencies {
    Store& store;
    const Ownership& ownership;
    const Log& log;
    /// accept_certificate() of keyd/certificate.hpp.
    std::function<Result<Certificate>(std::string_view upload, const Address& address,
                                      bool any_user_id, std::span<const OctetString> stored,
                                      std::int64_t now)>
        accept;
    std::function<std::int64_t()> clock;  ///< seconds since 1970
    ResolveRules rules{};
};

class KeyService {
public:
    explicit KeyService(ServiceDependencies dependencies);

    /// The hot path: health and lookup. Never waits for a writer or for gpg. The thread of
    /// `reader`.
    ApiReply answer(const ApiRequest& request, StoreReader& reader);
    /// Everything else. May run gpg and wait for the disk. Any thread.
    ApiReply serve(const ApiRequest& request, const Caller& caller, std::string_view body);
    /// What role alone forbids, before any body is read; nothing when it is allowed so far.
    std::optional<ApiReply> refuse_early(const ApiRequest& request, const Caller& caller);

    /// The state of an address's keys at this moment, for the socketmap. Like answer().
    Result<KeyState> state_of(const Address& address, StoreReader& reader);

    /// What is counted; sockets count in it, too.
    Metrics& metrics() { return metrics_; }

    /// Compiles answers that the clock has overtaken, at most `limit`. Any thread.
    void refresh_stale(std::size_t limit);

private:
    ApiReply lookup(const Address& address, StoreReader& reader);
    ApiReply health(StoreReader& reader);
    ApiReply add(const ApiRequest& request, const Caller& caller, std::string_view body);
    ApiReply check(const ApiRequest& request, std::string_view body);
    ApiReply show(const EntryName& asked);
    ApiReply export_certificates(const EntryName& name);
    ApiReply remove(const ApiRequest& request, const Caller& caller);
    ApiReply remove_certificate(const ApiRequest& request, const Caller& caller);
    ApiReply lost_key(const ApiRequest& request, const Caller& caller);
    ApiReply set_alias(const ApiRequest& request, const Caller& caller, std::string_view body);
    ApiReply remove_alias(const ApiRequest& request, const Caller& caller);
    ApiReply set_recovery(const ApiRequest& request, const Caller& caller, std::string_view body);
    ApiReply show_recovery(const EntryName& name);
    ApiReply remove_recovery(const ApiRequest& request, const Caller& caller);
    ApiReply list(const ApiRequest& request);
    ApiReply list_aliases(const ApiRequest& request);
    ApiReply list_recovery(const ApiRequest& request);
    ApiReply log(const ApiRequest& request);
    ApiReply verify_log(const LogPosition& noted);
    ApiReply erase_log(const ApiRequest& request, const Caller& caller);
    ApiReply report_clear(const ApiRequest& request, const Caller& caller);
    Result<ClearKind> clear_kind(const ApiRequest& request);
    ApiReply render_metrics();
    ApiReply act(const ApiRequest& request, const Caller& caller, std::string_view body);
    ApiReply begin_backup();
    ApiReply read_backup(const ApiRequest& request);
    ApiReply restore(const Caller& caller, std::string_view body);
    std::optional<ApiReply> refuse_restore(const StoreStamp& backup, const StoreStamp& present);
    /// `name`, `result` and `note` of what became of one entry.
    Result<nlohmann::json> restore_entry(const StoredBinding& entry, const StoreStamp& backup,
                                         const StoreStamp& present, const std::string& channel);
    void count_upload(const ApiRequest& request, const ApiReply& reply);

    /// What becomes of a binding; or the reply, when nothing is to be changed.
    using Edit = std::function<std::variant<Change, ApiReply>(Binding)>;
    using Report = std::function<ApiReply(const Change&)>;
    /// Reads, edits and applies, again when somebody else was faster.
    ApiReply change(const EntryName& name, const Edit& edit, const Report& report);
    /// Puts an accepted certificate into the binding; or the reply, when it is not to be changed.
    std::optional<ApiReply> join(const ApiRequest& request, const Caller& caller,
                                 const Certificate& certificate, Binding& binding);
    /// Whether the caller may give the entry a certificate that it does not have: the reply if not.
    std::optional<ApiReply> refuse_new_certificate(const ApiRequest& request, const Caller& caller,
                                                   const Binding& binding);
    /// The entry after `binding` was changed, ready to be applied.
    Change rebind(const EntryName& name, Binding binding, const Caller& caller);
    CompiledAnswer compile(const EntryName& name, const Binding& binding) const;
    Result<Resolved> resolve_in_store(const EntryName& name);
    /// The recovery certificate that is sealed to beside the keys of `name`; null when there is
    /// none. What fails is null, too: it is for people to read.
    nlohmann::json recovery_for(const EntryName& name);
    Result<std::vector<ListedEntry>> list_now(const ApiRequest& request, Listed which);
    /// Errors of fate refuse say what is wrong with the alias, or with one that leads to it.
    Result<StoreStamp> check_alias_and_above(const EntryName& alias, EntrySource& changed);
    ApiReply store_failed(const Error& error);
    ApiReply deny(const ApiRequest& request, const Caller& caller, std::string_view message);

    ServiceDependencies world_;
    EventBrake denials_{events_per_second};
    EventBrake failures_{events_per_second};
    BackupSessions backups_;
    EventBrake alarms_{events_per_second};
    Metrics metrics_;
};

}  // namespace maildircrypt
