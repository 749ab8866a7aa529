#include "seal/fingerprint.hpp"

#include "seal/openssl_library.hpp"

#include <stdexcept>

#include <openssl/evp.h>

namespace maildircrypt {

Fingerprint fingerprint_of(Octets public_key_packet) {
    const std::size_t size = public_key_packet.size();
    if (size > 0xFFFF) throw std::length_error("public-key packet over 65535 octets");
    OctetString hashed{0x99, static_cast<std::uint8_t>(size >> 8U),
                       static_cast<std::uint8_t>(size & 0xFFU)};
    hashed.insert(hashed.end(), public_key_packet.begin(), public_key_packet.end());
    Fingerprint fingerprint;
    if (EVP_Q_digest(openssl_library(), "SHA1", nullptr, hashed.data(), hashed.size(),
                     fingerprint.data(), nullptr) != 1)
        throw std::runtime_error("OpenSSL has no SHA-1");
    return fingerprint;
}

}  // namespace maildircrypt
