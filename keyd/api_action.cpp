#include "keyd/api_action.hpp"

namespace maildircrypt {

Role role_for(Action action) {
    switch (action) {
        case Action::health:
        case Action::lookup:
        case Action::check:
        case Action::report_clear:
        case Action::show_recovery:
            return Role::everyone;
        case Action::show:
        case Action::export_certificates:
        case Action::add:
        case Action::remove:
        case Action::remove_certificate:
        case Action::lost_key:
            return Role::owner;
        case Action::set_alias:
        case Action::remove_alias:
        case Action::list_aliases:
        case Action::set_recovery:
        case Action::remove_recovery:
        case Action::list_recovery:
        case Action::list:
        case Action::log:
        case Action::verify_log:
        case Action::erase_log:
        case Action::metrics:
        case Action::begin_backup:
        case Action::backup_entries:
        case Action::backup_log:
        case Action::restore:
            return Role::administrator;
    }
    return Role::administrator;
}

bool takes_body(Action action) {
    return action == Action::add || action == Action::check || action == Action::set_alias ||
           action == Action::set_recovery || action == Action::restore;
}

bool may_change_keys(Action action) {
    switch (action) {
        case Action::add:
        case Action::remove:
        case Action::remove_certificate:
        case Action::lost_key:
        case Action::set_alias:
        case Action::remove_alias:
        case Action::set_recovery:
        case Action::remove_recovery:
        case Action::restore:
            return true;
        case Action::health:
        case Action::lookup:
        case Action::check:
        case Action::show:
        case Action::export_certificates:
        case Action::list_aliases:
        case Action::show_recovery:
        case Action::list_recovery:
        case Action::list:
        case Action::log:
        case Action::verify_log:
        case Action::erase_log:
        case Action::report_clear:
        case Action::metrics:
        case Action::begin_backup:
        case Action::backup_entries:
        case Action::backup_log:
            return false;
    }
    return true;
}

}  // namespace maildircrypt
