#include "seal/pgp_mime_judge.hpp"

#include "seal/ascii.hpp"
#include "seal/content_type.hpp"

#include <algorithm>
#include <array>

namespace maildircrypt {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t max_line = 1000;           // octets, RFC 5321 §4.5.3.1.6 with its line end
constexpr std::size_t max_part_header = 1024;    // octets
constexpr std::size_t max_armour_header = 1024;  // octets

/// Preambles that mail clients write. Any other text in front of the parts would be stored in
/// clear.
constexpr std::array known_preambles{
    "This is an OpenPGP/MIME encrypted message (RFC 4880 and 3156)"sv,
    "This is an OpenPGP/MIME encrypted message (RFC 2440 and 3156)"sv,
    "This is an OpenPGP/MIME encrypted message (RFC 9580 and 3156)"sv,
    "This is a MIME-formatted message.  If you see this text it means that your"sv,
    "E-mail software does not support MIME-formatted messages."sv,
    "This is a multi-part message in MIME format."sv,
};

constexpr std::array known_part_fields{"content-type"sv, "content-description"sv,
                                       "content-disposition"sv, "content-transfer-encoding"sv,
                                       "content-id"sv};

bool is_identity_encoding(const std::vector<HeaderField>& fields) {
    if (count_fields(fields, "content-transfer-encoding") > 1) return false;
    const HeaderField* field = find_field(fields, "content-transfer-encoding");
    if (field == nullptr) return true;
    const std::string encoding = fold_ascii(trim_blanks(field->value));
    return encoding == "7bit" || encoding == "8bit" || encoding == "binary";
}

}  // namespace

std::optional<std::string> pgp_mime_boundary(const std::vector<HeaderField>& fields) {
    if (count_fields(fields, "content-type") != 1 || !is_identity_encoding(fields))
        return std::nullopt;
    const auto type = parse_content_type(find_field(fields, "content-type")->value);
    if (!type || !type->well_formed || !type->is("multipart", "encrypted")) return std::nullopt;
    const std::string* protocol = type->parameter("protocol");
    const std::string* boundary = type->parameter("boundary");
    if (protocol == nullptr || !same_name(*protocol, "application/pgp-encrypted"))
        return std::nullopt;
    if (boundary == nullptr || boundary->empty() || boundary->size() > 70) return std::nullopt;
    return *boundary;
}

PgpMimeJudge::PgpMimeJudge(std::string boundary, std::vector<std::vector<Fingerprint>> recipients)
    : delimiter_("--" + std::move(boundary)), packets_(std::move(recipients)) {}

void PgpMimeJudge::write(std::string_view piece) {
    while (!piece.empty() && state_ != State::failed) {
        const std::size_t end = piece.find('\n');
        const std::string_view part = piece.substr(0, end);
        if (line_.size() + part.size() > max_line) {
            state_ = State::failed;
            return;
        }
        line_ += part;
        if (end == piece.npos) return;
        piece.remove_prefix(end + 1);
        if (line_.ends_with('\r')) line_.pop_back();
        state_ = take_line(line_);
        line_.clear();
    }
}

bool PgpMimeJudge::is_encrypted_to_all() {
    if (!line_.empty() && state_ != State::failed) write("\n");
    return state_ == State::epilogue && packets_.is_encrypted_to_all();
}

PgpMimeJudge::State PgpMimeJudge::take_line(std::string_view line) {
    switch (state_) {
        case State::preamble:
            return take_preamble(line);
        case State::version_header:
            return take_part_header(line, State::version_body);
        case State::version_body:
            return take_version_body(line);
        case State::data_header:
            return take_part_header(line, State::before_armour);
        case State::before_armour:
            if (line.empty()) return state_;
            return line == "-----BEGIN PGP MESSAGE-----" ? State::armour_header : State::failed;
        case State::armour_header:
            return take_armour_header(line);
        case State::armour_data:
            return take_armour_data(line);
        case State::armour_tail:
            return line == "-----END PGP MESSAGE-----" ? State::after_armour : State::failed;
        case State::after_armour:
            if (line.empty()) return state_;
            return is_close_delimiter(line) ? State::epilogue : State::failed;
        case State::epilogue:
            return line.empty() ? state_ : State::failed;
        case State::failed:
            return state_;
    }
    return State::failed;
}

PgpMimeJudge::State PgpMimeJudge::take_preamble(std::string_view line) const {
    if (is_delimiter(line)) return State::version_header;
    const bool known =
        std::find(known_preambles.begin(), known_preambles.end(), line) != known_preambles.end();
    return line.empty() || known ? state_ : State::failed;
}

PgpMimeJudge::State PgpMimeJudge::take_part_header(std::string_view line, State next) {
    if (!line.empty()) {
        part_header_ += line;
        part_header_ += '\n';
        return part_header_.size() <= max_part_header ? state_ : State::failed;
    }
    const bool expected = next == State::version_body
                              ? part_header_is("application", "pgp-encrypted")
                              : part_header_is("application", "octet-stream");
    part_header_.clear();
    return expected ? next : State::failed;
}

bool PgpMimeJudge::part_header_is(std::string_view type, std::string_view subtype) const {
    HeaderScanner scanner;
    scanner.finish(part_header_);
    if (scanner.length() != part_header_.size()) return false;
    const auto fields = split_fields(part_header_);
    const bool known = std::all_of(fields.begin(), fields.end(), [](const HeaderField& field) {
        const std::string name = fold_ascii(field.name);
        return std::find(known_part_fields.begin(), known_part_fields.end(), name) !=
               known_part_fields.end();
    });
    if (!known || !is_identity_encoding(fields) || count_fields(fields, "content-type") != 1)
        return false;
    const auto content_type = parse_content_type(find_field(fields, "content-type")->value);
    return content_type && content_type->well_formed && content_type->is(type, subtype);
}

PgpMimeJudge::State PgpMimeJudge::take_version_body(std::string_view line) {
    if (line.empty()) return state_;
    if (version_seen_) return is_delimiter(line) ? State::data_header : State::failed;
    version_seen_ = trim_blanks(line) == "Version: 1";
    return version_seen_ ? state_ : State::failed;
}

/// RFC 4880 §6.2: "Key: Value" lines, then an empty one.
PgpMimeJudge::State PgpMimeJudge::take_armour_header(std::string_view line) {
    if (trim_blanks(line).empty()) return State::armour_data;
    armour_header_size_ += line.size();
    const bool is_pair = line.find(": ") != line.npos;
    return is_pair && armour_header_size_ <= max_armour_header ? state_ : State::failed;
}

PgpMimeJudge::State PgpMimeJudge::take_armour_data(std::string_view line) {
    if (line == "-----END PGP MESSAGE-----")
        return base64_.at_quartet() ? State::after_armour : State::failed;
    if (line.starts_with('=') && line.size() == 5) {  // the CRC24
        const bool digits =
            std::all_of(line.begin() + 1, line.end(), [](char c) { return base64_digit(c) < 64; });
        return digits && base64_.at_quartet() ? State::armour_tail : State::failed;
    }
    decoded_.clear();
    if (!base64_.read_line(line, decoded_)) return State::failed;
    packets_.write(decoded_);
    return state_;
}

bool PgpMimeJudge::is_delimiter(std::string_view line) const {
    return line.starts_with(delimiter_) && trim_blanks(line.substr(delimiter_.size())).empty();
}

bool PgpMimeJudge::is_close_delimiter(std::string_view line) const {
    return line.starts_with(delimiter_) && trim_blanks(line.substr(delimiter_.size())) == "--";
}

}  // namespace maildircrypt
