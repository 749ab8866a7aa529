#include "tests/unit/pgp_key.hpp"

#include <map>
#include <ostream>
#include <stdexcept>

#include <openssl/bn.h>
#include <openssl/core_names.h>

namespace maildircrypt::test {
namespace {

struct Facts {
    const char* name;
    const char* openssl;
    const char* oid;
};

const Facts& facts_of(Kind kind) {
    static const std::map<Kind, Facts> facts{
        {Kind::rsa2048, {"RSA-2048", "", ""}},
        {Kind::rsa3072, {"RSA-3072", "", ""}},
        {Kind::cv25519, {"Curve25519", "X25519", "2B060104019755010501"}},
        {Kind::p256, {"P-256", "P-256", "2A8648CE3D030107"}},
        {Kind::p384, {"P-384", "P-384", "2B81040022"}},
        {Kind::p521, {"P-521", "P-521", "2B81040023"}},
        {Kind::bp256, {"brainpoolP256r1", "brainpoolP256r1", "2B2403030208010107"}},
        {Kind::bp384, {"brainpoolP384r1", "brainpoolP384r1", "2B240303020801010B"}},
        {Kind::bp512, {"brainpoolP512r1", "brainpoolP512r1", "2B240303020801010D"}}};
    return facts.at(kind);
}

OctetString number_of(EVP_PKEY* key, const char* name) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) throw std::runtime_error(name);
    OctetString octets(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, octets.data());
    BN_free(number);
    return octets;
}

OctetString point_of(EVP_PKEY* key) {
    OctetString point(200);
    std::size_t size = 0;
    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size(),
                                        &size) != 1)
        throw std::runtime_error("public key");
    point.resize(size);
    return point;
}

Fingerprint fingerprint_by_hand(const OctetString& packet) {
    const OctetString hashed = join({{0x99, static_cast<std::uint8_t>(packet.size() / 256),
                                      static_cast<std::uint8_t>(packet.size() % 256)},
                                     packet});
    Fingerprint fingerprint;
    if (EVP_Digest(hashed.data(), hashed.size(), fingerprint.data(), nullptr, EVP_sha1(),
                   nullptr) != 1)
        throw std::runtime_error("SHA-1");
    return fingerprint;
}

EVP_PKEY* generate(Kind kind) {
    if (kind == Kind::rsa2048) return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{2048});
    if (kind == Kind::rsa3072) return EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{3072});
    if (kind == Kind::cv25519) return EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519");
    return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", facts_of(kind).openssl);
}

}  // namespace

std::ostream& operator<<(std::ostream& out, Kind kind) {
    return out << facts_of(kind).name;
}

KeyPair make_key(Kind kind, int hash, int wrap) {
    KeyPair pair{kind, {}, {}, from_hex(facts_of(kind).oid), hash, wrap};
    pair.secret.reset(generate(kind));
    if (!pair.secret) throw std::runtime_error("generate a key");
    const OctetString start{4, 0x5F, 0x00, 0x00, 0x01};
    if (pair.oid.empty()) {
        pair.key.packet = join({start,
                                {1},
                                mpi(number_of(pair.secret.get(), OSSL_PKEY_PARAM_RSA_N)),
                                mpi(number_of(pair.secret.get(), OSSL_PKEY_PARAM_RSA_E))});
    } else {
        OctetString point = point_of(pair.secret.get());
        if (kind == Kind::cv25519) point.insert(point.begin(), 0x40);
        pair.key.packet =
            join({start,
                  {18, static_cast<std::uint8_t>(pair.oid.size())},
                  pair.oid,
                  mpi(point),
                  {3, 1, static_cast<std::uint8_t>(hash), static_cast<std::uint8_t>(wrap)}});
    }
    pair.key.fingerprint = fingerprint_by_hand(pair.key.packet);
    return pair;
}

const KeyPair& key_of(Kind kind) {
    static std::map<Kind, KeyPair> keys;
    const auto found = keys.find(kind);
    if (found != keys.end()) return found->second;
    return keys.emplace(kind, make_key(kind)).first->second;
}

OctetString from_hex(std::string_view hex) {
    OctetString octets;
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
        octets.push_back(
            static_cast<std::uint8_t>(std::stoul(std::string{hex.substr(i, 2)}, nullptr, 16)));
    return octets;
}

OctetString mpi(Octets number) {
    std::size_t bits = 8 * number.size();
    for (unsigned bit = 0x80; bit != 0 && (number[0] & bit) == 0; bit /= 2) --bits;
    return join({{static_cast<std::uint8_t>(bits / 256), static_cast<std::uint8_t>(bits % 256)},
                 {number.begin(), number.end()}});
}

OctetString join(const std::vector<OctetString>& parts) {
    OctetString all;
    for (const OctetString& part : parts) all.insert(all.end(), part.begin(), part.end());
    return all;
}

}  // namespace maildircrypt::test
