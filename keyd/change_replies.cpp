#include "keyd/change_replies.hpp"

#include <algorithm>

namespace maildircrypt {

std::string channel_of(const Caller& caller) {
    if (caller.uid == 0) return "root";
    return (caller.admin ? "admin:" : "user:") + std::to_string(caller.uid);
}

ApiReply refused(const Error& error) {
    if (error.fate == Fate::refuse) return error_reply(422, "certificate_refused", error.what);
    return error_reply(503, "validator_failed",
                       "The certificate could not be checked: " + error.what);
}

std::vector<OctetString> binaries(const Binding& binding) {
    std::vector<OctetString> stored;
    for (const auto& certificate : binding.certificates) stored.push_back(certificate.binary);
    return stored;
}

std::optional<ApiReply> useless(const Certificate& certificate, std::int64_t now) {
    const std::vector<Certificate> alone{certificate};
    switch (compile_plan(alone, now).state) {
        case KeyState::sealable:
            return std::nullopt;
        case KeyState::expired:
            return error_reply(422, "certificate_refused",
                               "The certificate has expired: extend it and export it again.");
        case KeyState::revoked:
            return error_reply(422, "certificate_refused",
                               "The certificate is revoked: make a new key.");
        case KeyState::tombstone:
        case KeyState::no_key:
            break;
    }
    return error_reply(
        422, "certificate_refused",
        "The certificate has no subkey that mail could be sealed to now: add one with "
        "gpg --quick-add-key FINGERPRINT cv25519 encr and export it again.");
}

ApiReply is_alias(const EntryName& name) {
    return error_reply(422, "is_alias",
                       name.text() +
                           " is an alias: its mail is sealed to the keys of its targets. Change "
                           "theirs, or end it with: keyd-cli alias " +
                           name.text() + " --remove");
}

ApiReply nothing_to_remove(const EntryName& name) {
    return error_reply(
        404, "unknown_address",
        name.text() + ": keyd knows no key for this address; there is nothing to remove.");
}

}  // namespace maildircrypt
