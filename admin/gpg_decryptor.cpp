#include "admin/gpg_decryptor.hpp"

#include "base/handle.hpp"

#include <cerrno>
#include <string>
#include <type_traits>

#include <gpgme.h>

namespace maildircrypt {
namespace {

using Data = Handle<std::remove_pointer_t<gpgme_data_t>, gpgme_data_release>;

struct Plaintext {
    SecretText text;
    bool too_long = false;
};

/// GPGME hands over what gpg writes.
ssize_t take_plaintext(void* handle, const void* buffer, size_t size) {
    auto& plaintext = *static_cast<Plaintext*>(handle);
    plaintext.too_long = plaintext.too_long || size > max_payload - plaintext.text.size();
    if (plaintext.too_long) {
        errno = EFBIG;
        return -1;
    }
    const auto* text = static_cast<const char*>(buffer);
    plaintext.text.insert(plaintext.text.end(), text, text + size);
    return static_cast<ssize_t>(size);
}

/// Errors that say something about gpg or the user, not about the message at hand.
bool concerns_all(gpgme_error_t error) {
    switch (gpgme_err_code(error)) {
        case GPG_ERR_CANCELED:
        case GPG_ERR_FULLY_CANCELED:
        case GPG_ERR_INV_ENGINE:
        case GPG_ERR_NO_AGENT:
        case GPG_ERR_NO_PIN_ENTRY:
        case GPG_ERR_ENOMEM:
            return true;
        default:
            return false;
    }
}

Error failed(const std::string& step, gpgme_error_t error) {
    return {concerns_all(error) ? Fate::retry : Fate::refuse, step + ": " + gpgme_strerror(error)};
}

}  // namespace

struct GpgDecryptor::Context {
    Handle<std::remove_pointer_t<gpgme_ctx_t>, gpgme_release> handle;
};

GpgDecryptor::GpgDecryptor(std::unique_ptr<Context> context) : context_(std::move(context)) {}
GpgDecryptor::GpgDecryptor(GpgDecryptor&&) noexcept = default;
GpgDecryptor::~GpgDecryptor() = default;

Result<GpgDecryptor> GpgDecryptor::create() {
    if (gpgme_check_version(GPGME_VERSION) == nullptr) return retry("GPGME is too old");
    if (const auto error = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP))
        return retry(std::string{"gpg: "} + gpgme_strerror(error));
    gpgme_ctx_t raw = nullptr;
    if (const auto error = gpgme_new(&raw))
        return retry(std::string{"GPGME: "} + gpgme_strerror(error));
    auto context = std::make_unique<Context>();
    context->handle.reset(raw);
    if (const auto error = gpgme_set_protocol(raw, GPGME_PROTOCOL_OpenPGP))
        return retry(std::string{"GPGME: "} + gpgme_strerror(error));
    gpgme_set_offline(raw, 1);  // what a message holds never makes gpg ask the network
    return GpgDecryptor{std::move(context)};
}

Result<SecretText> GpgDecryptor::decrypt(std::string_view armour) {
    constexpr int by_reference = 0;
    gpgme_data_t raw = nullptr;
    if (const auto error =
            gpgme_data_new_from_mem(&raw, armour.data(), armour.size(), by_reference))
        return failed("GPGME", error);
    const Data input{raw};
    Plaintext plaintext;
    gpgme_data_cbs callbacks{nullptr, take_plaintext, nullptr, nullptr};
    raw = nullptr;
    if (const auto error = gpgme_data_new_from_cbs(&raw, &callbacks, &plaintext))
        return failed("GPGME", error);
    const Data output{raw};

    gpgme_ctx_t context = context_->handle.get();
    const auto error = gpgme_op_decrypt(context, input.get(), output.get());
    if (plaintext.too_long) return refuse("the decrypted message is too long");
    if (error) return failed("gpg", error);
    const auto result = gpgme_op_decrypt_result(context);
    if (result == nullptr || result->legacy_cipher_nomdc)
        return refuse("gpg: not encrypted as it should be");
    return std::move(plaintext.text);
}

}  // namespace maildircrypt
