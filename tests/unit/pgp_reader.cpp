#include "tests/unit/pgp_reader.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rsa.h>

#define ZLIB_CONST
#include <zlib.h>

namespace maildircrypt::test {
namespace {

using CipherContext = Handle<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;
using PkeyContext = Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;

void require(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(what);
}

OctetString decode_base64(std::string_view text) {
    require(text.size() % 4 == 0, "base64 in groups of four");
    OctetString octets(text.size() / 4 * 3);
    const Octets in = as_octets(text);
    require(EVP_DecodeBlock(octets.data(), in.data(), static_cast<int>(in.size())) ==
                static_cast<int>(octets.size()),
            "base64");
    const auto padding = static_cast<std::size_t>(std::count(text.begin(), text.end(), '='));
    octets.resize(octets.size() - padding);
    return octets;
}

/// RFC 4880 §6.1, as it stands there.
unsigned long crc24(Octets octets) {
    unsigned long crc = 0xB704CEUL;
    for (const std::uint8_t octet : octets) {
        crc ^= static_cast<unsigned long>(octet) << 16;
        for (int i = 0; i < 8; i++) {
            crc <<= 1;
            if ((crc & 0x1000000UL) != 0) crc ^= 0x1864CFBUL;
        }
    }
    return crc & 0xFFFFFFUL;
}

OctetString slice(Octets octets, std::size_t from, std::size_t count) {
    require(from <= octets.size() && count <= octets.size() - from, "octets are missing");
    const Octets part = octets.subspan(from, count);
    return {part.begin(), part.end()};
}

std::vector<std::string> split_lines(std::string_view text, std::string_view line_end) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find(line_end);
        require(end != std::string_view::npos, "a line end at the end");
        lines.emplace_back(text.substr(0, end));
        require(lines.back().find_first_of("\r\n") == std::string::npos, "one kind of line end");
        text.remove_prefix(end + line_end.size());
    }
    return lines;
}

struct Length {
    std::size_t value;
    std::size_t octets;
    bool partial;
};

Length read_length(Octets octets) {
    const std::size_t first = slice(octets, 0, 1)[0];
    if (first < 192) return {first, 1, false};
    if (first < 224) return {(first - 192) * 256 + slice(octets, 1, 1)[0] + 192, 2, false};
    if (first < 255) return {std::size_t{1} << (first & 0x1F), 1, true};
    throw std::runtime_error("five-octet lengths are not expected");
}

OctetString read_mpi(Octets octets, std::size_t& at) {
    const OctetString head = slice(octets, at, 2);
    const std::size_t bits = static_cast<std::size_t>(head[0]) * 256 + head[1];
    const OctetString number = slice(octets, at + 2, (bits + 7) / 8);
    require(mpi(number) == join({head, number}), "exact bit count of an MPI");
    at += 2 + number.size();
    return number;
}

OctetString decrypt_rsa(const KeyPair& key, OctetString number) {
    const auto size = static_cast<std::size_t>(EVP_PKEY_get_size(key.secret.get()));
    require(number.size() <= size, "RSA result as long as the modulus");
    number.insert(number.begin(), size - number.size(), 0);
    const PkeyContext context{EVP_PKEY_CTX_new(key.secret.get(), nullptr)};
    OctetString clear(size);
    std::size_t clear_size = size;
    require(EVP_PKEY_decrypt_init(context.get()) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_PKCS1_PADDING) == 1 &&
                EVP_PKEY_decrypt(context.get(), clear.data(), &clear_size, number.data(),
                                 number.size()) == 1,
            "RSA decryption");
    clear.resize(clear_size);
    return clear;
}

OctetString shared_secret(const KeyPair& key, OctetString point) {
    Handle<EVP_PKEY, EVP_PKEY_free> peer;
    if (key.kind == Kind::cv25519) {
        require(point.size() == 33 && point[0] == 0x40, "native point");
        peer.reset(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, &point[1], 32));
    } else {
        peer.reset(EVP_PKEY_new());
        require(point[0] == 0x04 && EVP_PKEY_copy_parameters(peer.get(), key.secret.get()) == 1 &&
                    EVP_PKEY_set1_encoded_public_key(peer.get(), point.data(), point.size()) == 1,
                "uncompressed point");
    }
    const PkeyContext context{EVP_PKEY_CTX_new(key.secret.get(), nullptr)};
    OctetString secret(100);
    std::size_t size = secret.size();
    require(EVP_PKEY_derive_init(context.get()) == 1 &&
                EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1 &&
                EVP_PKEY_derive(context.get(), secret.data(), &size) == 1,
            "ECDH");
    secret.resize(size);
    return secret;
}

/// RFC 6637 §7 and §8.
OctetString key_encryption_key(const KeyPair& key, const OctetString& secret) {
    const std::string_view sender = "Anonymous Sender    ";
    const OctetString hashed =
        join({{0, 0, 0, 1},
              secret,
              {static_cast<std::uint8_t>(key.oid.size())},
              key.oid,
              {18, 3, 1, static_cast<std::uint8_t>(key.hash), static_cast<std::uint8_t>(key.wrap)},
              {sender.begin(), sender.end()},
              {key.key.fingerprint.begin(), key.key.fingerprint.end()}});
    const EVP_MD* hash =
        key.hash == 8 ? EVP_sha256() : (key.hash == 9 ? EVP_sha384() : EVP_sha512());
    OctetString kek(EVP_MAX_MD_SIZE);
    require(EVP_Digest(hashed.data(), hashed.size(), kek.data(), nullptr, hash, nullptr) == 1,
            "hash");
    kek.resize(key.wrap == 7 ? 16 : (key.wrap == 8 ? 24 : 32));
    return kek;
}

OctetString decrypt_ecdh(const KeyPair& key, const OctetString& point, const OctetString& wrapped,
                         std::size_t message_size) {
    const OctetString kek = key_encryption_key(key, shared_secret(key, point));
    const EVP_CIPHER* cipher = key.wrap == 7
                                   ? EVP_aes_128_wrap()
                                   : (key.wrap == 8 ? EVP_aes_192_wrap() : EVP_aes_256_wrap());
    const CipherContext context{EVP_CIPHER_CTX_new()};
    EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    OctetString padded(wrapped.size());
    int size = 0;
    require(EVP_DecryptInit_ex(context.get(), cipher, nullptr, kek.data(), nullptr) == 1 &&
                EVP_DecryptUpdate(context.get(), padded.data(), &size, wrapped.data(),
                                  static_cast<int>(wrapped.size())) == 1,
            "key unwrap");
    padded.resize(static_cast<std::size_t>(size));
    require(padded.size() == 40, "padded to 40");
    const std::size_t padding = padded.size() - message_size;
    require(std::all_of(padded.begin() + static_cast<std::ptrdiff_t>(message_size), padded.end(),
                        [&](std::uint8_t octet) { return octet == padding; }),
            "PKCS#5 padding");
    padded.resize(message_size);
    return padded;
}

/// One AES-OCB instance with a tag of 16 octets behind the ciphertext.
OctetString open_ocb(const OctetString& key, const OctetString& nonce,
                     const OctetString& associated, Octets sealed) {
    require(sealed.size() >= 16, "a tag");
    const Octets encrypted = sealed.first(sealed.size() - 16);
    OctetString tag{sealed.end() - 16, sealed.end()};
    OctetString clear(encrypted.size() + 16);
    int size = 0;
    int last = 0;
    int ignored = 0;
    const CipherContext context{EVP_CIPHER_CTX_new()};
    require(
        EVP_DecryptInit_ex(context.get(), key.size() == 16 ? EVP_aes_128_ocb() : EVP_aes_256_ocb(),
                           nullptr, nullptr, nullptr) == 1 &&
            EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN,
                                static_cast<int>(nonce.size()), nullptr) == 1 &&
            EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, 16, tag.data()) == 1 &&
            EVP_DecryptInit_ex(context.get(), nullptr, nullptr, key.data(), nonce.data()) == 1 &&
            EVP_DecryptUpdate(context.get(), nullptr, &ignored, associated.data(),
                              static_cast<int>(associated.size())) == 1 &&
            (encrypted.empty() ||
             EVP_DecryptUpdate(context.get(), clear.data(), &size, encrypted.data(),
                               static_cast<int>(encrypted.size())) == 1) &&
            EVP_DecryptFinal_ex(context.get(), &clear.at(static_cast<std::size_t>(size)), &last) ==
                1,
        "OCB");
    clear.resize(static_cast<std::size_t>(size + last));
    require(clear.size() == encrypted.size(), "as many octets");
    return clear;
}

OctetString hkdf(const OctetString& key, const OctetString& salt, const OctetString& info,
                 std::size_t size) {
    const PkeyContext context{EVP_PKEY_CTX_new_id(EVP_PKEY_HKDF, nullptr)};
    OctetString out(size);
    require(EVP_PKEY_derive_init(context.get()) == 1 &&
                EVP_PKEY_CTX_set_hkdf_md(context.get(), EVP_sha256()) == 1 &&
                EVP_PKEY_CTX_set1_hkdf_key(context.get(), key.data(),
                                           static_cast<int>(key.size())) == 1 &&
                EVP_PKEY_CTX_set1_hkdf_salt(context.get(), salt.data(),
                                            static_cast<int>(salt.size())) == 1 &&
                EVP_PKEY_CTX_add1_hkdf_info(context.get(), info.data(),
                                            static_cast<int>(info.size())) == 1 &&
                EVP_PKEY_derive(context.get(), out.data(), &size) == 1,
            "HKDF");
    return out;
}

OctetString eight_octets(std::uint64_t number) {
    OctetString octets(8);
    for (std::size_t i = 8; i-- > 0; number /= 256) octets[i] = number % 256;
    return octets;
}

/// RFC 9580 §5.13.2.
OctetString open_seipd2(Octets body, const OctetString& session_key) {
    const OctetString head = slice(body, 0, 4);
    require(
        (head[1] == 7 && session_key.size() == 16) || (head[1] == 9 && session_key.size() == 32),
        "AES with a key of its size");
    require(head[2] == 2 && head[3] <= 16, "OCB and a chunk size that is allowed");
    const std::size_t chunk_size = std::size_t{1} << (head[3] + 6U);
    const OctetString associated = join({{0xD2}, head});
    const OctetString derived =
        hkdf(session_key, slice(body, 4, 32), associated, session_key.size() + 7);
    const OctetString key = slice(derived, 0, session_key.size());
    const OctetString iv = slice(derived, session_key.size(), 7);

    require(body.size() >= 36 + 16, "a last tag");
    Octets chunks = body.subspan(36, body.size() - 36 - 16);
    OctetString clear;
    std::uint64_t index = 0;
    for (; !chunks.empty(); ++index) {
        const std::size_t size = std::min(chunks.size(), chunk_size + 16);
        const OctetString part =
            open_ocb(key, join({iv, eight_octets(index)}), associated, chunks.first(size));
        require(!part.empty(), "no empty chunk");
        clear.insert(clear.end(), part.begin(), part.end());
        chunks = chunks.subspan(size);
    }
    open_ocb(key, join({iv, eight_octets(index)}), join({associated, eight_octets(clear.size())}),
             body.last(16));
    return clear;
}

struct Dearmoured {
    OctetString octets;
    bool has_checksum;
};

Dearmoured remove_armour(std::string_view armour, std::string_view line_end) {
    const std::vector<std::string> lines = split_lines(armour, line_end);
    require(lines.size() >= 5 && lines[0] == "-----BEGIN PGP MESSAGE-----" && lines[1].empty() &&
                lines.back() == "-----END PGP MESSAGE-----",
            "armour frame");
    const std::string& check = lines[lines.size() - 2];
    const bool has_checksum = check.size() == 5 && check[0] == '=';
    const std::size_t end = lines.size() - (has_checksum ? 2 : 1);
    std::string text;
    for (std::size_t i = 2; i < end; ++i) {
        const bool last = i + 1 == end;
        require(last ? !lines[i].empty() && lines[i].size() <= 76 : lines[i].size() == 76,
                "lines of 76");
        text += lines[i];
    }
    const OctetString octets = decode_base64(text);
    if (!has_checksum) return {octets, false};
    const unsigned long crc = crc24(octets);
    require(
        decode_base64(check.substr(1)) == OctetString{static_cast<std::uint8_t>(crc >> 16),
                                                      static_cast<std::uint8_t>(crc >> 8 & 0xFF),
                                                      static_cast<std::uint8_t>(crc & 0xFF)},
        "checksum");
    return {octets, true};
}

/// The octets that name the key in a PKESK packet: an id, a fingerprint, or nothing.
OctetString key_name(const Packet& packet) {
    if (slice(packet.body, 0, 1)[0] == 3) {
        const OctetString id = slice(packet.body, 1, 8);
        return id == OctetString(8, 0) ? OctetString{} : id;
    }
    const std::size_t size = slice(packet.body, 1, 1)[0];
    if (size == 0) return {};
    require(size == 21 && slice(packet.body, 2, 1)[0] == 4, "the fingerprint of a v4 key");
    return slice(packet.body, 3, 20);
}

}  // namespace

OctetString dearmour(std::string_view armour, std::string_view line_end) {
    const Dearmoured dearmoured = remove_armour(armour, line_end);
    require(dearmoured.has_checksum, "a checksum");
    return dearmoured.octets;
}

std::vector<Packet> split_packets(Octets octets) {
    std::vector<Packet> packets;
    while (!octets.empty()) {
        require((octets[0] & 0xC0) == 0xC0, "new packet format");
        Packet packet{octets[0] & 0x3F, {}, {}, 0};
        octets = octets.subspan(1);
        for (bool more = true; more;) {
            const Length length = read_length(octets);
            const OctetString piece = slice(octets, length.octets, length.value);
            packet.body.insert(packet.body.end(), piece.begin(), piece.end());
            octets = octets.subspan(length.octets + length.value);
            more = length.partial;
            if (more)
                packet.partial.push_back(length.value);
            else
                packet.last = length.value;
        }
        packets.push_back(packet);
    }
    return packets;
}

OctetString open_pkesk(const Packet& packet, const KeyPair& key) {
    require(packet.tag == 1 && packet.partial.empty(), "PKESK");
    const bool version3 = slice(packet.body, 0, 1)[0] == 3;
    require(version3 || packet.body[0] == 6, "PKESK version 3 or 6");
    const std::size_t algorithm = version3 ? 9 : 2U + slice(packet.body, 1, 1)[0];
    const bool rsa = key.oid.empty();
    require(slice(packet.body, algorithm, 1)[0] == (rsa ? 1 : 18), "algorithm");
    std::size_t at = algorithm + 1;
    const OctetString number = read_mpi(packet.body, at);
    const std::size_t framed_size = version3 ? 35 : 34;
    OctetString framed;
    if (rsa) {
        framed = decrypt_rsa(key, number);
    } else {
        const std::size_t size = slice(packet.body, at, 1)[0];
        framed = decrypt_ecdh(key, number, slice(packet.body, at + 1, size), framed_size);
        at += 1 + size;
    }
    require(at == packet.body.size(), "nothing behind the session key");
    require(framed.size() == framed_size, "a session key of its size");
    if (version3) {
        require(framed[0] == 9, "AES-256 session key");
        framed.erase(framed.begin());
    }
    unsigned checksum = 0;
    for (std::size_t i = 0; i < 32; ++i) checksum += framed[i];
    require(checksum % 65536 == framed[32] * 256U + framed[33], "session key checksum");
    return slice(framed, 0, 32);
}

OctetString open_seipd(const Packet& packet, const OctetString& session_key) {
    require(packet.tag == 18, "SEIPD");
    if (slice(packet.body, 0, 1)[0] == 2) return open_seipd2(packet.body, session_key);
    require(packet.body.size() > 1 + 18 + 22 && packet.body[0] == 1, "SEIPD version 1");
    const std::array<std::uint8_t, 16> iv{};
    OctetString clear(packet.body.size() - 1);
    int size = 0;
    const CipherContext context{EVP_CIPHER_CTX_new()};
    require(EVP_DecryptInit_ex(context.get(), EVP_aes_256_cfb128(), nullptr, session_key.data(),
                               iv.data()) == 1 &&
                EVP_DecryptUpdate(context.get(), clear.data(), &size, &packet.body[1],
                                  static_cast<int>(clear.size())) == 1,
            "CFB");
    require(clear[14] == clear[16] && clear[15] == clear[17], "repeated prefix");
    std::array<std::uint8_t, 20> digest{};
    require(EVP_Digest(clear.data(), clear.size() - 20, digest.data(), nullptr, EVP_sha1(),
                       nullptr) == 1,
            "SHA-1");
    const std::size_t mdc = clear.size() - 22;
    require(clear[mdc] == 0xD3 && clear[mdc + 1] == 0x14 &&
                std::equal(digest.begin(), digest.end(), clear.end() - 20),
            "MDC");
    return slice(clear, 18, mdc - 18);
}

OctetString inflate_all(Octets deflated) {
    z_stream stream{};
    require(inflateInit2(&stream, -15) == Z_OK, "inflateInit2");
    stream.next_in = deflated.data();
    stream.avail_in = static_cast<unsigned>(deflated.size());
    OctetString out;
    OctetString block(65536);
    int status = Z_OK;
    while (status == Z_OK) {
        stream.next_out = block.data();
        stream.avail_out = static_cast<unsigned>(block.size());
        status = inflate(&stream, Z_NO_FLUSH);
        out.insert(out.end(), block.begin(),
                   block.end() - static_cast<std::ptrdiff_t>(stream.avail_out));
    }
    const bool whole = status == Z_STREAM_END && stream.avail_in == 0;
    inflateEnd(&stream);
    require(whole, "deflate stream that ends where its input ends");
    return out;
}

Opened open_message(std::string_view armour, const KeyPair& key, std::string_view line_end) {
    const Dearmoured dearmoured = remove_armour(armour, line_end);
    Opened opened{split_packets(dearmoured.octets), {}, {}, {}, {}};
    require(!opened.packets.empty() && opened.packets.back().tag == 18, "a SEIPD packet");
    const bool version1 = opened.packets.back().body.at(0) == 1;
    require(dearmoured.has_checksum == version1, "a checksum in front of version 1 only");
    const Fingerprint& fingerprint = key.key.fingerprint;
    for (const Packet& packet : opened.packets) {
        if (packet.tag != 1) continue;
        require(packet.body.at(0) == (version1 ? 3 : 6), "a PKESK version that fits");
        const OctetString named = key_name(packet);
        if (!std::equal(named.rbegin(), named.rend(), fingerprint.rbegin())) continue;
        try {
            opened.session_key = open_pkesk(packet, key);
        } catch (const std::runtime_error&) {
            if (!named.empty()) throw;  // one without a name may be somebody else's
        }
    }
    require(!opened.session_key.empty(), "a PKESK for this key");
    require(std::all_of(opened.packets.begin(), opened.packets.end() - 1,
                        [](const Packet& packet) { return packet.tag == 1; }),
            "PKESK packets, then one SEIPD packet");
    const auto inner = split_packets(open_seipd(opened.packets.back(), opened.session_key));
    require(inner.size() == 1 && inner[0].tag == 8 && inner[0].body.at(0) == 1,
            "one compressed packet, ZIP");
    opened.compressed = inner[0];
    const auto innermost = split_packets(inflate_all(Octets{inner[0].body}.subspan(1)));
    require(innermost.size() == 1 && innermost[0].tag == 11, "one literal packet");
    opened.literal = innermost[0];
    require(slice(opened.literal.body, 0, 6) == OctetString{'b', 0, 0, 0, 0, 0},
            "binary, no name, no date");
    opened.text = as_text(Octets{opened.literal.body}.subspan(6));
    return opened;
}

}  // namespace maildircrypt::test
