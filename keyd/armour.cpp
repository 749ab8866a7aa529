#include "keyd/armour.hpp"

#include "keyd/packets.hpp"
#include "seal/ascii.hpp"
#include "seal/base64.hpp"
#include "seal/crc24.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

namespace maildircrypt {
namespace {

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view begin_mark = "-----BEGIN PGP ";
constexpr std::string_view end_mark = "-----END PGP ";
constexpr std::string_view dashes = "-----";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";  // of UTF-8, as Windows writes it
constexpr std::string_view public_block = "PUBLIC KEY BLOCK";
constexpr std::size_t line_octets = 48;  // 64 characters: below the 76 of RFC 4880 §6.3

constexpr std::array<std::uint8_t, 256> digit_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(0xff);
    for (std::size_t i = 0; i < base64_digits.size(); ++i)
        values[static_cast<std::uint8_t>(base64_digits[i])] = static_cast<std::uint8_t>(i);
    return values;
}();

Error damaged(const std::string& how) {
    return refuse("damaged ASCII armour: " + how +
                  "; export it again with gpg --armor --export ADDRESS and send the file itself");
}

Error no_certificate() {
    return refuse(
        "there is no OpenPGP certificate (public key) in it; export one with: gpg --armor --export "
        "ADDRESS");
}

std::uint32_t crc24(Octets octets) {
    Crc24 crc;
    crc.update(octets);
    return crc.value();
}

/// Base64 in lines of any length; padding only at the very end.
class Base64Reader {
public:
    explicit Base64Reader(SecretOctets& out) : out_(out) {}
    ~Base64Reader() { explicit_bzero(&bits_, sizeof bits_); }
    Base64Reader(const Base64Reader&) = delete;
    Base64Reader& operator=(const Base64Reader&) = delete;

    bool take(char c);
    bool finish() const { return digits_ == 0; }

private:
    bool take_padding();

    SecretOctets& out_;
    std::uint32_t bits_ = 0;
    int digits_ = 0;  ///< of the group at hand, padding included
    int padding_ = 0;
    bool ended_ = false;
};

bool Base64Reader::take(char c) {
    if (ended_) return false;
    if (c == '=') return take_padding();
    const std::uint8_t value = digit_values[static_cast<std::uint8_t>(c)];
    if (value == 0xff || padding_ > 0) return false;
    bits_ = bits_ << 6 | value;
    if (++digits_ < 4) return true;
    for (const int shift : {16, 8, 0}) out_.push_back(static_cast<std::uint8_t>(bits_ >> shift));
    digits_ = 0;
    return true;
}

bool Base64Reader::take_padding() {
    if (digits_ < 2) return false;
    ++padding_;
    bits_ <<= 6;
    if (++digits_ < 4) return true;
    if ((bits_ & (padding_ == 1 ? 0xffU : 0xffffU)) != 0) return false;
    out_.push_back(static_cast<std::uint8_t>(bits_ >> 16));
    if (padding_ == 1) out_.push_back(static_cast<std::uint8_t>(bits_ >> 8));
    digits_ = 0;
    ended_ = true;
    return true;
}

/// Takes the next line, whatever it ends with, without blanks around it.
std::string_view take_line(std::string_view& text) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return trim_blanks(line);
}

/// What a "-----BEGIN PGP KIND-----" line is the begin of.
std::optional<std::string_view> block_kind(std::string_view line, std::string_view mark) {
    if (!line.starts_with(mark) || !line.ends_with(dashes)) return std::nullopt;
    if (line.size() < mark.size() + dashes.size()) return std::nullopt;
    return line.substr(mark.size(), line.size() - mark.size() - dashes.size());
}

Error wrong_kind(std::string_view kind) {
    if (kind.find("PRIVATE") != kind.npos || kind.find("SECRET") != kind.npos)
        return secret_key_refused();
    if (kind.find("MESSAGE") != kind.npos)
        return refuse(
            "this is a message, not a certificate (public key); export one with: gpg --armor "
            "--export ADDRESS");
    if (kind == "SIGNATURE")
        return refuse(
            "this is a signature, not a certificate (public key); export one with: gpg --armor "
            "--export ADDRESS");
    return no_certificate();
}

Error bad_line(std::string_view line) {
    if (line.find_first_of("<&") != line.npos)
        return damaged("there is HTML in it, so it was copied from a web page or mail");
    if (line.starts_with('>')) return damaged("it is quoted, as in a reply");
    return damaged("a line that is not base64");
}

/// The three octets behind the `=` of a checksum line.
std::optional<std::uint32_t> read_checksum(std::string_view line) {
    SecretOctets octets;
    Base64Reader reader{octets};
    for (const char c : line.substr(1))
        if (!reader.take(c)) return std::nullopt;
    if (!reader.finish() || octets.size() != 3) return std::nullopt;
    return OctetReader{octets}.number(3);
}

/// Header lines ("Version: ..."), which hold a colon and so are never base64, and empty lines.
void skip_headers(std::string_view& text) {
    for (std::string_view rest = text; !rest.empty();) {
        const std::string_view line = take_line(rest);
        if (!line.empty() && (line.starts_with(dashes) || line.find(':') == line.npos)) return;
        text = rest;
    }
}

/// Reads the rest of a block, whose BEGIN line has been taken, and appends what it holds to `out`.
Result<void> read_block(std::string_view& text, SecretOctets& out) {
    const std::size_t start = out.size();
    Base64Reader reader{out};
    std::optional<std::uint32_t> checksum;
    skip_headers(text);
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.starts_with(dashes)) {
            if (block_kind(line, end_mark) != public_block) return damaged("its END line is wrong");
            if (!reader.finish()) return damaged("characters are missing");
            if (checksum && *checksum != crc24(Octets{out}.subspan(start)))
                return damaged("its checksum does not fit");
            return {};
        }
        if (checksum && !line.empty()) return bad_line(line);
        if (line.size() == 5 && line.front() == '=') {
            checksum = read_checksum(line);
            if (!checksum) return damaged("its checksum is not readable");
            continue;
        }
        for (const char c : line)
            if (!reader.take(c)) return bad_line(line);
    }
    return damaged("its end is missing");
}

/// All public key blocks of the text.
Result<SecretOctets> dearmour(std::string_view text) {
    SecretOctets out;
    out.reserve(text.size() / 4 * 3 + 3);
    bool found = false;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const auto kind = block_kind(line, begin_mark);
        if (!kind) continue;
        if (*kind != public_block) return wrong_kind(*kind);
        if (auto read = read_block(text, out); !read) return read.error();
        found = true;
    }
    if (found) return out;
    return damaged("its BEGIN line does not stand alone (HTML, or quoted as in a reply?)");
}

/// Every second octet of text in UTF-16 is NUL as long as it is ASCII.
bool looks_like_utf16(std::string_view upload) {
    if (upload.starts_with("\xff\xfe") || upload.starts_with("\xfe\xff")) return true;
    const std::string_view start = upload.substr(0, 64);
    const auto nuls = std::count(start.begin(), start.end(), '\0');
    return start.size() >= 8 && static_cast<std::size_t>(nuls) * 3 >= start.size() &&
           !first_tag(as_octets(start));
}

bool is_whole_packets(Octets octets) {
    PacketReader reader{octets};
    for (;;) {
        const auto packet = reader.next();
        if (!packet || !*packet) return bool(packet);
    }
}

bool looks_like_html(std::string_view upload) {
    const std::string_view start = upload.substr(0, 1024);
    return start.find("<!DOCTYPE") != start.npos || start.find("<!doctype") != start.npos ||
           start.find("<html") != start.npos || start.find("<HTML") != start.npos;
}

Error describe_foreign(std::string_view upload) {
    if (upload.find("-----BEGIN CERTIFICATE") != upload.npos)
        return refuse(
            "this is an X.509 certificate (S/MIME); an OpenPGP certificate is needed: gpg --armor "
            "--export ADDRESS");
    if (upload.starts_with("ssh-"))
        return refuse(
            "this is an SSH key; an OpenPGP certificate is needed: gpg --armor --export ADDRESS");
    if (looks_like_html(upload))
        return refuse("this is a web page (HTML), not a certificate; download the key file itself");
    return no_certificate();
}

}  // namespace

Result<SecretOctets> read_upload(std::string_view upload) {
    if (upload.empty())
        return refuse(
            "the upload is empty; export a certificate with: gpg --armor --export ADDRESS");
    const Octets octets = as_octets(upload);
    const bool armoured = upload.find(begin_mark) != upload.npos;
    if (first_tag(octets) && is_whole_packets(octets))
        return SecretOctets{octets.begin(), octets.end()};
    if (looks_like_utf16(upload))
        return refuse(
            "this is UTF-16 text, as PowerShell's > writes it; use: gpg --armor --output FILE "
            "--export ADDRESS");
    if (upload.starts_with(byte_order_mark)) upload.remove_prefix(byte_order_mark.size());
    if (armoured) return dearmour(upload);
    // Damaged packets: whoever reads them says how.
    if (first_tag(octets)) return SecretOctets{octets.begin(), octets.end()};
    return describe_foreign(upload);
}

std::string armour_public_key(Octets binary) {
    std::string text = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n";
    const auto append_line = [&](Octets octets) {
        const std::size_t start = text.size();
        text.resize(start + base64_size(octets.size()));
        encode_base64(octets, std::span{text}.subspan(start));
        text += '\n';
    };
    for (std::size_t at = 0; at < binary.size(); at += line_octets)
        append_line(binary.subspan(at, std::min(line_octets, binary.size() - at)));
    const std::uint32_t crc = crc24(binary);
    text += '=';
    append_line(OctetString{static_cast<std::uint8_t>(crc >> 16),
                            static_cast<std::uint8_t>(crc >> 8 & 0xff),
                            static_cast<std::uint8_t>(crc & 0xff)});
    return text + "-----END PGP PUBLIC KEY BLOCK-----\n";
}

}  // namespace maildircrypt
