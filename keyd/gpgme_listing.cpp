#include "keyd/gpgme_listing.hpp"

#include "base/handle.hpp"

#include <algorithm>
#include <optional>
#include <type_traits>

#include <gpgme.h>

namespace maildircrypt {
namespace {

using Context = Handle<std::remove_pointer_t<gpgme_ctx_t>, gpgme_release>;
using Data = Handle<std::remove_pointer_t<gpgme_data_t>, gpgme_data_release>;
using Key = Handle<std::remove_pointer_t<gpgme_key_t>, gpgme_key_unref>;

Error failed(const std::string& step, gpgme_error_t error) {
    return retry(step + ": " + gpgme_strerror(error));
}

std::optional<std::uint8_t> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
    if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
    return std::nullopt;
}

std::optional<Fingerprint> read_fingerprint(const char* text) {
    const std::string_view hex{text == nullptr ? "" : text};
    Fingerprint fingerprint;
    if (hex.size() != 2 * fingerprint.size()) return std::nullopt;
    for (std::size_t i = 0; i < fingerprint.size(); ++i) {
        const auto high = hex_digit(hex[2 * i]);
        const auto low = hex_digit(hex[2 * i + 1]);
        if (!high || !low) return std::nullopt;
        fingerprint[i] = static_cast<std::uint8_t>(*high << 4 | *low);
    }
    return fingerprint;
}

/// Nothing for a key that is no version 4 key or whose times gpg could not read.
std::optional<ListedKey> read_subkey(const _gpgme_subkey& subkey) {
    const auto fingerprint = read_fingerprint(subkey.fpr);
    if (!fingerprint || subkey.timestamp < 0 || subkey.expires < 0) return std::nullopt;
    ListedKey key;
    key.fingerprint = *fingerprint;
    key.created = subkey.timestamp;
    key.expires = subkey.expires;
    key.can_encrypt = subkey.can_encrypt != 0;
    key.revoked = subkey.revoked != 0;
    key.invalid = subkey.invalid != 0 || subkey.disabled != 0;
    return key;
}

Result<KeyListing> read_key(const _gpgme_key& key) {
    KeyListing listing;
    for (const _gpgme_subkey* subkey = key.subkeys; subkey != nullptr; subkey = subkey->next) {
        auto listed = read_subkey(*subkey);
        if (!listed && subkey == key.subkeys) return retry("gpg listed a key without fingerprint");
        if (!listed) continue;
        listed->revoked = listed->revoked || key.revoked != 0;
        listed->invalid = listed->invalid || key.invalid != 0 || key.disabled != 0;
        listing.keys.push_back(*listed);
    }
    for (const _gpgme_user_id* user_id = key.uids; user_id != nullptr; user_id = user_id->next)
        listing.user_ids.push_back({user_id->uid == nullptr ? "" : user_id->uid,
                                    user_id->revoked != 0, user_id->invalid != 0});
    return listing;
}

Result<Context> make_context() {
    // Otherwise GPGME starts gpgconf to find gpg, which costs more than the work itself.
    if (gpgme_set_global_flag("disable-gpgconf", "1") != 0) return retry("GPGME refuses a flag");
    if (gpgme_check_version(GPGME_VERSION) == nullptr) return retry("GPGME is too old");
    gpgme_ctx_t context = nullptr;
    if (const auto error = gpgme_new(&context)) return failed("GPGME context", error);
    return Context{context};
}

/// Exactly one key, or none.
Result<KeyListing> next_keys(gpgme_ctx_t context) {
    KeyListing listing;
    for (int count = 0;; ++count) {
        gpgme_key_t raw = nullptr;
        const auto error = gpgme_op_keylist_next(context, &raw);
        if (gpgme_err_code(error) == GPG_ERR_EOF) return listing;
        if (error != 0) return failed("gpg lists the certificate", error);
        const Key key{raw};
        if (count > 0) return retry("gpg lists several keys for one certificate");
        auto read = read_key(*key);
        if (!read) return read.error();
        listing = std::move(*read);
    }
}

}  // namespace

Result<KeyListing> list_with_gpgme(Octets certificate) {
    const auto context = make_context();
    if (!context) return context.error();
    const std::string_view text = as_text(certificate);
    gpgme_data_t raw = nullptr;
    if (const auto error = gpgme_data_new_from_mem(&raw, text.data(), text.size(), 0))
        return failed("GPGME data", error);
    const Data data{raw};
    if (const auto error = gpgme_op_keylist_from_data_start(context->get(), data.get(), 0))
        return failed("start gpg", error);
    auto listing = next_keys(context->get());
    if (!listing) return listing;
    if (const auto error = gpgme_op_keylist_end(context->get()))
        return failed("gpg ends the list", error);
    return listing;
}

}  // namespace maildircrypt
