/// What may be asked of the API (keyd/API), by whom, and what it touches.
#pragma once

namespace maildircrypt {

/// Acted on by exhaustive switches without `default`.
enum class Action {
    health,
    lookup,
    check,
    show,
    export_certificates,
    add,
    remove,
    remove_certificate,
    lost_key,
    set_alias,
    remove_alias,
    list_aliases,
    set_recovery,
    show_recovery,
    remove_recovery,
    list_recovery,
    list,
    log,
    verify_log,
    erase_log,
    report_clear,
    metrics,
    begin_backup,
    backup_entries,
    backup_log,
    restore,
};

/// Who may ask for it.
enum class Role {
    everyone,
    owner,          ///< of the address, and administrators
    administrator,  ///< see Caller
};
Role role_for(Action action);
/// Whether the request has a body: a certificate, or an alias's targets.
bool takes_body(Action action);
/// Whether it changes, if permitted, what an address is sealed to.
bool may_change_keys(Action action);

}  // namespace maildircrypt
