/// The OpenPGP libraries that sealing is compared with.
#pragma once

#include "base/handle.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

#include <gpgme.h>
#include <rnp/rnp.h>
#include <rnp/rnp_err.h>

namespace maildircrypt::bench {

/// librnp with the certificates of one file.
class Rnp {
public:
    explicit Rnp(const std::string& certificates) {
        rnp_ffi_t ffi = nullptr;
        require(rnp_ffi_create(&ffi, "GPG", "GPG"));
        ffi_.reset(ffi);
        rnp_input_t input = nullptr;
        require(rnp_input_from_path(&input, certificates.c_str()));
        const Handle<rnp_input_st, rnp_input_destroy> owner{input};
        require(rnp_import_keys(ffi, input, RNP_LOAD_SAVE_PUBLIC_KEYS, nullptr));
    }

    /// Armoured, v1 SEIPD, not compressed. The octets written.
    std::size_t encrypt(std::string_view plain, const std::string& address) {
        rnp_key_handle_t key = nullptr;
        require(rnp_locate_key(ffi_.get(), "userid", address.c_str(), &key));
        const Handle<rnp_key_handle_st, rnp_key_handle_destroy> key_owner{key};
        rnp_input_t input = nullptr;
        const auto* octets = reinterpret_cast<const std::uint8_t*>(plain.data());
        require(rnp_input_from_memory(&input, octets, plain.size(), false));
        const Handle<rnp_input_st, rnp_input_destroy> input_owner{input};
        rnp_output_t output = nullptr;
        require(rnp_output_to_memory(&output, 0));
        const Handle<rnp_output_st, rnp_output_destroy> output_owner{output};
        rnp_op_encrypt_t op = nullptr;
        require(rnp_op_encrypt_create(&op, ffi_.get(), input, output));
        const Handle<rnp_op_encrypt_st, rnp_op_encrypt_destroy> op_owner{op};
        require(rnp_op_encrypt_add_recipient(op, key));
        require(rnp_op_encrypt_set_cipher(op, "AES256"));
        require(rnp_op_encrypt_set_armor(op, true));
        require(rnp_op_encrypt_set_compression(op, "Uncompressed", 0));
        require(rnp_op_encrypt_execute(op));
        std::uint8_t* text = nullptr;
        std::size_t size = 0;
        require(rnp_output_memory_get_buf(output, &text, &size, false));
        return size;
    }

private:
    static void require(rnp_result_t status) {
        if (status != RNP_SUCCESS) throw std::runtime_error(rnp_result_to_string(status));
    }
    Handle<rnp_ffi_st, rnp_ffi_destroy> ffi_;
};

/// GPGME with a home that holds the keys.
class Gpgme {
public:
    Gpgme(const std::string& home, const std::string& address) {
        gpgme_check_version(nullptr);
        gpgme_ctx_t context = nullptr;
        require(gpgme_new(&context));
        context_.reset(context);
        gpgme_set_armor(context, 1);
        require(gpgme_ctx_set_engine_info(context, GPGME_PROTOCOL_OpenPGP, nullptr, home.c_str()));
        gpgme_key_t key = nullptr;
        require(gpgme_op_keylist_start(context, address.c_str(), 0));
        require(gpgme_op_keylist_next(context, &key));
        require(gpgme_op_keylist_end(context));
        key_.reset(key);
    }

    void encrypt(std::string_view plain) {
        gpgme_data_t in = nullptr;
        gpgme_data_t out = nullptr;
        require(gpgme_data_new_from_mem(&in, plain.data(), plain.size(), 0));
        const Handle<gpgme_data, gpgme_data_release> in_owner{in};
        require(gpgme_data_new(&out));
        const Handle<gpgme_data, gpgme_data_release> out_owner{out};
        gpgme_key_t keys[] = {key_.get(), nullptr};
        require(gpgme_op_encrypt(context_.get(), keys,
                                 static_cast<gpgme_encrypt_flags_t>(GPGME_ENCRYPT_ALWAYS_TRUST |
                                                                    GPGME_ENCRYPT_NO_COMPRESS),
                                 in, out));
    }

private:
    static void require(gpgme_error_t status) {
        if (status != 0) throw std::runtime_error(gpgme_strerror(status));
    }
    Handle<gpgme_context, gpgme_release> context_;
    Handle<_gpgme_key, gpgme_key_unref> key_;
};

}  // namespace maildircrypt::bench
