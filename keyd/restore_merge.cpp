#include "keyd/restore_merge.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

/// Whether anything was added.
bool add_missing(std::vector<Fingerprint>& into, const std::vector<Fingerprint>& from) {
    const std::size_t before = into.size();
    for (const auto& fingerprint : from)
        if (std::find(into.begin(), into.end(), fingerprint) == into.end())
            into.push_back(fingerprint);
    return into.size() > before;
}

std::string left_out(const Binding& present, const std::vector<std::string>& missing,
                     bool other_targets) {
    if (!present.targets.empty() || other_targets)
        return "it is another alias here, or none; that stays";
    if (missing.empty()) return "";
    std::string note = present.certificates.empty() ? "its keys were taken away here: not restored"
                                                    : "it has its keys here already; not restored:";
    for (const auto& fingerprint : missing) note += " " + fingerprint;
    return note;
}

}  // namespace

Result<MergedEntry> merge_entry(Binding present, const Binding& backup, bool known_before,
                                const JoinCertificates& join) {
    if (present.version == 0) {
        if (known_before) return MergedEntry{{}, "it was released here"};
        Binding restored = backup;
        restored.version = 0;
        return MergedEntry{std::move(restored), ""};
    }
    bool changed = add_missing(present.recognise, backup.recognise);
    changed = add_missing(present.lost, backup.lost) || changed;
    std::vector<std::string> missing;
    for (const auto& old : backup.certificates) {
        const auto same = std::find_if(
            present.certificates.begin(), present.certificates.end(),
            [&old](const Certificate& one) { return one.fingerprint == old.fingerprint; });
        if (same == present.certificates.end()) {
            missing.push_back(to_hex(old.fingerprint));
        } else if (same->binary != old.binary) {
            auto joined = join(*same, old);
            if (!joined) return joined.error();
            changed = changed || joined->binary != same->binary;
            *same = std::move(*joined);
        }
    }
    const bool other_targets = present.targets != backup.targets;
    MergedEntry merged{{}, left_out(present, missing, other_targets)};
    if (changed) merged.binding = std::move(present);
    return merged;
}

}  // namespace maildircrypt
