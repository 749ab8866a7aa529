#include "admin/undo.hpp"
#include "seal/ascii.hpp"
#include "seal/payload.hpp"
#include "seal/provenance.hpp"
#include "seal/sealer.hpp"
#include "tests/unit/pgp_reader.hpp"
#include "tests/unit/support/message_generator.hpp"
#include "tests/unit/support/sealing.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <unordered_set>

#include <boost/test/unit_test.hpp>
#include <unistd.h>

using namespace maildircrypt;
using namespace maildircrypt::test;
using namespace std::string_literals;

namespace {

const std::filesystem::path corpus = "../shared/corpus";
const std::filesystem::path forgeries = "tests/forgeries";

std::string read(const std::filesystem::path& path) {
    std::ifstream file{path, std::ios::binary};
    BOOST_REQUIRE_MESSAGE(file.good(), "cannot read " << path << " (run from the project's root)");
    return {std::istreambuf_iterator<char>{file}, {}};
}

std::vector<std::filesystem::path> files_below(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder})
        if (entry.is_regular_file()) found.push_back(entry.path());
    std::sort(found.begin(), found.end());
    return found;
}

const KeyPair& first_key() {
    return key_of(Kind::cv25519);
}

const KeyPair& second_key() {
    return key_of(Kind::p256);
}

RecipientKeys recipient() {
    return recipient_with(first_key());
}

std::string marked_end_to_end(const std::string& message) {
    const bool crlf = detect_line_end(message) == InputLineEnd::crlf;
    return "Maildircrypt-Provenance: end-to-end; host=mx.sealed.test" +
           std::string{crlf ? "\r\n" : "\n"} + message;
}

SealOptions options_with(LineEnd line_end) {
    SealOptions options;
    options.line_end = line_end;
    options.host = "mx.sealed.test";
    return options;
}

PieceSize whole() {
    return [] { return std::string::npos; };
}

PieceSize pieces_of(std::size_t size) {
    return [size] { return size; };
}

void require_that(bool condition, const std::string& what) {
    if (!condition) throw std::runtime_error(what);
}

std::string as_string(const SecretText& text) {
    return {text.begin(), text.end()};
}

/// Does text of 16 octets or more of `plaintext` stand in `outside`?
bool shares_a_run(std::string_view plaintext, std::string_view outside) {
    constexpr std::size_t run = 16;
    std::unordered_set<std::string_view> runs;
    for (std::size_t at = 0; at + run <= plaintext.size(); ++at)
        runs.insert(plaintext.substr(at, run));
    for (std::size_t at = 0; at + run <= outside.size(); ++at)
        if (runs.contains(outside.substr(at, run))) return true;
    return false;
}

/// Armour's own first and last lines may stand in a message too.
std::string_view base64_of(std::string_view armour) {
    armour.remove_prefix(armour.find('\n'));
    return armour.substr(0, armour.rfind("-----END"));
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
    return found;
}

/// Everything that section 1 of seal/FORMAT promises about the outside.
void check_outside(const SealedMessage& sealed, const SealOptions& options) {
    const std::string eol{text_of(options.line_end)};
    const auto& fields = sealed.output.outer.fields;
    require_that(sealed.output.headers == 1 && fields.size() >= 3, "no header");
    require_that(fields.front().name == provenance_name, "the first field is not the provenance");
    require_that(fields[fields.size() - 2].text == "MIME-Version: 1.0" + eol, "no MIME-Version");
    for (std::size_t i = 1; i + 2 < fields.size(); ++i) {
        const std::string name = fold_ascii(fields[i].name);
        require_that(!name.starts_with("content-") && name != "mime-version" &&
                         name != fold_ascii(provenance_name),
                     "a field outside that should not be: " + name);
        require_that(name != "subject" || options.headers.subject == SubjectPolicy::keep ||
                         fields[i].text == "Subject: ..." + eol,
                     "the Subject is outside");
        require_that(fields[i].original.has_value() && fields[i].text.ends_with(eol),
                     "a field without origin or line end");
        require_that(
            count(fields[i].text, "\r") == (eol == "\n" ? 0 : count(fields[i].text, eol)) &&
                count(fields[i].text, "\0"s) == 0,
            "a bare return or NUL in the outer header");
    }
    require_that(sealed.output.outer.separator == eol, "no empty line");
}

void check_key_ids(const Opened& opened, std::size_t recipients, bool anonymous) {
    require_that(opened.packets.size() == recipients + 1, "not one PKESK for each recipient");
    for (std::size_t i = 0; i < recipients; ++i) {
        const auto id = Octets{opened.packets[i].body}.subspan(1, 8);
        const bool zero = std::ranges::all_of(id, [](std::uint8_t octet) { return octet == 0; });
        require_that(zero == anonymous, "key ids are not as asked");
    }
}

constexpr const char* taken_for_encrypted = "taken for encrypted already";

bool is_smime(const std::filesystem::path& file) {
    const std::string name = file.filename();
    return name.find("smime") != name.npos && name.find("enc") != name.npos;
}

/// seal, open, undo: the same octets. Throws with the reason.
void check_round_trip(std::string_view message, const std::vector<const KeyPair*>& keys,
                      const SealOptions& options, const PieceSize& piece_size, bool look_for_runs) {
    std::vector<RecipientKeys> recipients;
    for (const auto* key : keys) recipients.push_back(recipient_with(*key));
    const auto sealed = seal(message, recipients, options, piece_size);
    require_that(sealed.outcome == SealOutcome::sealed, taken_for_encrypted);
    check_outside(sealed, options);
    const auto armour = armour_of(sealed.output, options.line_end);
    for (const auto* key : keys) {
        const Opened opened = open_message(armour, *key, text_of(options.line_end));
        check_key_ids(opened, keys.size(), options.encryption.anonymous);
        const std::size_t deflated = opened.compressed.body.size() - 1;
        if (options.encryption.padding == Padding::padme)
            require_that(deflated == padme(deflated), "not a PADMÉ length");
        const auto original = undo_sealing(opened.text);
        if (!original) throw std::runtime_error("undoing: " + original.error().what);
        require_that(as_string(*original) == message, "not the same octets");
    }
    if (look_for_runs)
        require_that(!shares_a_run(message, base64_of(armour)), "plaintext in the armour");
}

/// Empty when the round trip works.
std::string failure(std::string_view message, const std::vector<const KeyPair*>& keys,
                    const SealOptions& options, const PieceSize& piece_size, bool look_for_runs) {
    try {
        check_round_trip(message, keys, options, piece_size, look_for_runs);
    } catch (const std::runtime_error& error) {
        return error.what();
    }
    return {};
}

SealOptions random_options(MessageGenerator& random) {
    auto options = options_with(random.chance(50) ? LineEnd::crlf : LineEnd::lf);
    options.headers.outer_headers =
        random.pick(std::array{OuterHeaders::standard, OuterHeaders::minimal, OuterHeaders::all});
    options.headers.subject = random.chance(80) ? SubjectPolicy::hide : SubjectPolicy::keep;
    options.encryption.padding = random.chance(80) ? Padding::padme : Padding::none;
    options.encryption.compression = random.chance(80) ? Compression::none : Compression::zlib;
    options.encryption.anonymous = random.chance(10);
    options.encryption.never_shorter = random.chance(50);
    options.keep_original = random.chance(50);
    return options;
}

PieceSize random_pieces(MessageGenerator& random) {
    const auto limit = random.pick(std::array<std::size_t, 6>{1, 3, 80, 1000, 9000, 1 << 20});
    return [&random, limit] { return 1 + random.number(limit); };
}

std::vector<const KeyPair*> random_keys(MessageGenerator& random) {
    if (random.chance(3)) return {&first_key(), &second_key(), &key_of(Kind::rsa2048)};
    if (random.chance(10)) return {&second_key(), &first_key()};
    return {random.chance(10) ? &key_of(random.pick(all_kinds)) : &first_key()};
}

void check_generated(std::uint64_t seed) {
    MessageGenerator random{seed};
    const std::string message = random.message();
    const auto options = random_options(random);
    const auto keys = random_keys(random);
    const auto why = failure(message, keys, options, random_pieces(random), seed % 8 == 0);
    if (why.empty()) return;
    const auto file = std::filesystem::temp_directory_path() / "maildircrypt-round-trip.eml";
    std::ofstream{file, std::ios::binary} << message;
    BOOST_ERROR("MAILDIRCRYPT_SEED=" << seed << ": " << why << " (" << file << ')');
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::stoull(text);
}

#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

RecipientKeys recipient_of_forgeries() {
    const std::string hex = read(forgeries / "RECIPIENT");
    RecipientKeys keys = recipient();
    auto& fingerprint = keys.plan.recognise.emplace_back();
    for (std::size_t i = 0; i < fingerprint.size(); ++i)
        fingerprint[i] = static_cast<std::uint8_t>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
    return keys;
}

class DiscardingOutput : public MessageOutput {
public:
    Result<void> header(const OuterHeader&) override { return {}; }
    Result<void> body(Deliverable piece) override {
        written += piece.text().size();
        return {};
    }
    std::size_t written = 0;
};

class FailingOutput : public MessageOutput {
public:
    explicit FailingOutput(int calls) : left_(calls) {}
    Result<void> header(const OuterHeader&) override { return count(); }
    Result<void> body(Deliverable) override { return count(); }

private:
    Result<void> count() { return left_-- > 0 ? Result<void>{} : retry("the disk is full"); }
    int left_;
};

std::size_t resident_octets() {
    std::ifstream statm{"/proc/self/statm"};
    std::size_t size = 0;
    std::size_t resident = 0;
    statm >> size >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// Seals `megabytes` MiB behind `header` and returns by how much the process grew meanwhile.
std::size_t growth_while_sealing(std::string_view header, std::size_t megabytes) {
    constexpr std::size_t slack = 1 << 20;
    const auto context = CryptoContext::create();
    SpillBudget budget{slack, "/tmp"};
    DiscardingOutput output;
    Sealer sealer{*context, {recipient_of_forgeries()}, options_with(LineEnd::lf), budget, output};
    BOOST_TEST(bool(sealer.write(header)));
    const std::string piece(60'000, 'x');
    const std::size_t total = megabytes << 20;
    const std::size_t before = resident_octets();
    std::size_t peak = before;
    for (std::size_t written = 0; written < total; written += piece.size()) {
        BOOST_REQUIRE(bool(sealer.write(piece)));
        peak = std::max(peak, resident_octets());
    }
    const auto outcome = sealer.finish();
    BOOST_REQUIRE(bool(outcome));
    BOOST_TEST((*outcome == SealOutcome::sealed));
    BOOST_TEST(output.written > total);
    return peak - before;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_sealer)

BOOST_AUTO_TEST_CASE(every_odd_message_comes_back_octet_for_octet) {
    std::string binary(70'000, '\0');
    for (std::size_t i = 0; i < binary.size(); ++i) binary[i] = static_cast<char>(i * 7 + i / 256);
    const std::string megabyte_field = "X-Long: " + std::string(1 << 20, 'h') + "\r\n";
    std::string many_fields;
    for (int i = 0; i < 20'000; ++i) many_fields += "X-" + std::to_string(i) + ": y\n";
    const std::vector<std::string> messages{
        "",
        "\n",
        "\r\n",
        "\r",
        std::string(1, '\0'),
        "no header at all",
        "no header at all\r\nbut two lines\r\n",
        "Subject: header only",
        "Subject: header only\n",
        "Subject: header only\r\n\r\n",
        "Subject: x\n\nno final newline",
        "Subject: x\r\n\r\nbare\nline\nfeeds\r\n",
        "Subject: x\n\nsome\r\nwith returns\n",
        "Subject: x\n\nbare\rreturns\r\r\n\r",
        "Subject: NUL \0 inside\n\n\0\0\0\n"s,
        "Subject: 8 bit \xFF\n\n\xFF\xFE\x80\n",
        "Subject: x\n\n" + binary,
        "Subject: x\r\n\r\n" + std::string(100'000, 'L') + "\r\n",
        "Subject: x\n\n" + std::string(100'000, '\n'),
        megabyte_field + "\r\nbody\r\n",
        many_fields + "\nbody\n",
        "Content-Type: text/plain\r\n" + megabyte_field + "\r\nbody\r\n",
        "From x@y Mon Jan  1 00:00:00 2024\nSubject: x\n\nmbox line kept\n",
        "Maildircrypt-Recipe: v=1; eol=lf; cut=0+0; tail=0\r\n\r\nnot ours\r\n",
    };
    for (const auto line_end : {LineEnd::crlf, LineEnd::lf})
        for (std::size_t i = 0; i < messages.size(); ++i)
            for (const auto& size : {whole(), pieces_of(messages[i].size() < 10'000 ? 1 : 4099)})
                BOOST_TEST(
                    failure(messages[i], {&first_key()}, options_with(line_end), size, true) == "",
                    "message " << i);
}

BOOST_AUTO_TEST_CASE(a_header_beyond_the_limit_continues_as_body) {
    std::string message = "Subject: x\nTo: y\n";
    while (message.size() < max_header + 10'000)
        message += "X-Filler: " + std::string(80, 'f') + '\n';
    message += "Content-Type: text/plain\n\nbody\n";
    for (const auto& size : {whole(), pieces_of(4096)})
        BOOST_TEST(failure(message, {&first_key()}, options_with(LineEnd::lf), size, false) == "");
    std::string fields = "Subject: x\n";
    for (std::size_t i = 0; i < max_header_fields + 10; ++i) fields += "To:\n";
    fields += "Content-Type: text/plain\n\nbody\n";
    BOOST_TEST(failure(fields, {&first_key()}, options_with(LineEnd::lf), whole(), false) == "");
    const std::string one_line(max_header + 10'000, 'l');
    BOOST_TEST(failure(one_line + "\n\nbody\n", {&first_key()}, options_with(LineEnd::crlf),
                       pieces_of(4096), false) == "");
}

BOOST_AUTO_TEST_CASE(every_message_of_the_corpus_comes_back_octet_for_octet) {
    if (!std::filesystem::exists(corpus)) {
        std::cout << "SKIP corpus: there is no " << corpus << '\n';
        return;
    }
    const auto files = files_below(corpus);
    BOOST_TEST(files.size() > 100U);
    for (const auto& file : files) {
        const std::string message = read(file);
        for (const auto line_end : {LineEnd::crlf, LineEnd::lf}) {
            for (const auto& size : {whole(), pieces_of(1), pieces_of(1021)}) {
                const auto why =
                    failure(message, {&first_key()}, options_with(line_end), size, true);
                // The corpus holds S/MIME mail that its sender encrypted.
                BOOST_TEST((why.empty() || (why == taken_for_encrypted && is_smime(file))),
                           file << ": " << why);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(encrypted_messages_of_the_corpus_are_replayed_octet_for_octet) {
    if (!std::filesystem::exists(corpus)) return;
    for (const auto& file : files_below(corpus)) {
        if (!is_smime(file)) continue;
        const std::string message = read(file);
        const auto sealed = seal(message, {recipient()}, options_with(LineEnd::lf), pieces_of(333));
        if (sealed.outcome == SealOutcome::already_encrypted)
            BOOST_TEST(sealed.replayed == marked_end_to_end(message), file);
    }
}

BOOST_AUTO_TEST_CASE(generated_messages_come_back_octet_for_octet) {
    const auto rounds = number_from("MAILDIRCRYPT_ROUND_TRIPS", sanitized ? 1000 : 4000);
    const auto now = static_cast<std::uint64_t>(time(nullptr)) * 1'000'000;
    const auto seed = number_from("MAILDIRCRYPT_SEED", now);
    std::cout << "round trips: " << rounds << " from MAILDIRCRYPT_SEED=" << seed << std::endl;
    for (std::uint64_t i = 0; i < rounds; ++i) check_generated(seed + i);
}

BOOST_AUTO_TEST_CASE(each_kind_of_key_opens_it) {
    for (const auto kind : all_kinds)
        BOOST_TEST(failure("Subject: x\n\nbody\n", {&key_of(kind)}, options_with(LineEnd::lf),
                           whole(), true) == "",
                   kind);
    const KeyPair other = make_key(Kind::cv25519);
    const auto sealed =
        seal("Subject: x\n\nbody\n", {recipient()}, options_with(LineEnd::lf), whole());
    BOOST_CHECK_THROW(open_message(armour_of(sealed.output, LineEnd::lf), other, "\n"),
                      std::runtime_error);
}

BOOST_AUTO_TEST_CASE(a_key_that_two_recipients_share_is_sealed_to_once) {
    const auto sealed = seal("body\n", {recipient(), recipient_with(second_key()), recipient()},
                             options_with(LineEnd::lf), whole());
    BOOST_TEST(
        open_message(armour_of(sealed.output, LineEnd::lf), first_key(), "\n").packets.size() ==
        3U);
}

BOOST_AUTO_TEST_CASE(nothing_is_the_same_twice) {
    std::set<std::string> armours;
    for (int i = 0; i < 20; ++i) {
        const auto sealed =
            seal("Subject: x\n\nbody\n", {recipient()}, options_with(LineEnd::lf), whole());
        armours.insert(std::string{armour_of(sealed.output, LineEnd::lf)});
    }
    BOOST_TEST(armours.size() == 20U);
}

BOOST_AUTO_TEST_CASE(the_sealed_body_is_never_shorter_than_the_original) {
    for (const auto compression : {Compression::none, Compression::zlib}) {
        for (const auto padding : {Padding::none, Padding::padme}) {
            auto options = options_with(LineEnd::crlf);
            options.encryption.padding = padding;
            options.encryption.compression = compression;
            options.encryption.never_shorter = true;
            for (std::size_t size = 0; size < 200'000; size += 1 + size / 7) {
                const std::string message =
                    "Content-Type: text/plain\r\n\r\n" + std::string(size, 'x');
                const auto sealed = seal(message, {recipient()}, options, whole());
                BOOST_TEST(sealed.output.body_text.size() >= size);
                BOOST_TEST(failure(message, {&first_key()}, options, whole(), false) == "");
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_compressed_message_may_be_shorter_where_that_is_allowed) {
    auto options = options_with(LineEnd::lf);
    options.encryption.compression = Compression::zlib;
    const auto sealed =
        seal("Subject: x\n\n" + std::string(100'000, 'x'), {recipient()}, options, whole());
    BOOST_TEST(sealed.output.body_text.size() < 5'000U);
}

BOOST_AUTO_TEST_CASE(genuine_encrypted_messages_are_replayed_octet_for_octet) {
    for (const auto& path : files_below(forgeries / "genuine")) {
        const std::string message = read(path);
        for (const std::size_t size : {1U, 7U, 1000U, 1U << 20}) {
            const auto sealed = seal(message, {recipient_of_forgeries()}, options_with(LineEnd::lf),
                                     pieces_of(size));
            BOOST_TEST((sealed.outcome == SealOutcome::already_encrypted), path);
            BOOST_TEST(sealed.replayed == marked_end_to_end(message), path);
        }
    }
}

BOOST_AUTO_TEST_CASE(forged_provenance_of_encrypted_mail_is_removed) {
    const std::string genuine = read(forgeries / "genuine/plain.eml");
    auto options = options_with(LineEnd::lf);
    options.sealed_by = {options.host};
    const std::string known = "Maildircrypt-Provenance: sealed; host=mx.sealed.test; log=1:00\n";
    const std::string other = "Maildircrypt-Provenance: sealed; host=evil.test; log=1:00\n";
    for (const auto& forged :
         {other, other + known, known + known, known + "MAILDIRCRYPT-provenance \t: clear\n x\n",
          std::string{"Maildircrypt-Provenance:\n clear;\n host=mx.sealed.test\n"}}) {
        const auto sealed =
            seal(forged + genuine, {recipient_of_forgeries()}, options, pieces_of(50));
        BOOST_TEST((sealed.outcome == SealOutcome::already_encrypted));
        BOOST_TEST(sealed.replayed == marked_end_to_end(genuine), forged);
    }
    options.sealed_by = {};
    const auto sealed = seal(known + genuine, {recipient_of_forgeries()}, options, pieces_of(50));
    BOOST_TEST(sealed.replayed == marked_end_to_end(genuine));
}

BOOST_AUTO_TEST_CASE(a_genuine_message_is_recognised_when_the_original_is_not_kept) {
    auto options = options_with(LineEnd::crlf);
    options.keep_original = false;
    const auto sealed = seal(read(forgeries / "genuine/plain.eml"), {recipient_of_forgeries()},
                             options, pieces_of(100));
    BOOST_TEST((sealed.outcome == SealOutcome::already_encrypted));
}

BOOST_AUTO_TEST_CASE(every_forgery_is_sealed_and_comes_back) {
    std::size_t count = 0;
    for (const auto& path : files_below(forgeries)) {
        if (path.extension() != ".eml" || path.parent_path() != forgeries) continue;
        ++count;
        const std::string message = read(path);
        const auto sealed =
            seal(message, {recipient_of_forgeries()}, options_with(LineEnd::lf), pieces_of(777));
        BOOST_TEST((sealed.outcome == SealOutcome::sealed), path);
        const auto opened = open_message(armour_of(sealed.output, LineEnd::lf), first_key(), "\n");
        const auto original = undo_sealing(opened.text);
        BOOST_REQUIRE(bool(original));
        BOOST_TEST(as_string(*original) == message, path);
    }
    BOOST_TEST(count >= 50U);
}

BOOST_AUTO_TEST_CASE(what_we_sealed_is_recognised_and_not_sealed_again) {
    for (const auto line_end : {LineEnd::crlf, LineEnd::lf}) {
        const auto once =
            seal("Subject: x\n\nbody\n", {recipient()}, options_with(line_end), whole());
        auto options = options_with(LineEnd::lf);
        options.sealed_by = {"other.test", options.host};
        const auto twice = seal(once.output.text(), {recipient()}, options, pieces_of(500));
        BOOST_TEST((twice.outcome == SealOutcome::already_encrypted));
        BOOST_TEST(twice.replayed == once.output.text());
        const auto other = seal(once.output.text(), {recipient_with(second_key())},
                                options_with(LineEnd::lf), pieces_of(500));
        BOOST_TEST((other.outcome == SealOutcome::sealed));
    }
}

BOOST_AUTO_TEST_CASE(memory_stays_flat_whatever_the_length) {
    const std::size_t megabytes = sanitized ? 10 : 100;
    const std::size_t allowed =
        sanitized ? 64 << 20 : 4 << 20;  // the sanitizer keeps what is freed
    BOOST_TEST(growth_while_sealing("Subject: x\n\n", megabytes) < allowed);
    BOOST_TEST(growth_while_sealing("Content-Type: multipart/signed; boundary=b\n\n", megabytes) <
               allowed);
    BOOST_TEST(growth_while_sealing("Content-Type: multipart/encrypted; boundary=b;"
                                    " protocol=\"application/pgp-encrypted\"\n\n--b\n",
                                    megabytes) < allowed);
}

BOOST_AUTO_TEST_CASE(a_failing_output_fails_the_message_for_now) {
    for (int calls = 0;; ++calls) {
        BOOST_REQUIRE(calls < 100);
        const auto context = CryptoContext::create();
        SpillBudget budget{1 << 20, "/tmp"};
        FailingOutput output{calls};
        Sealer sealer{*context, {recipient()}, options_with(LineEnd::lf), budget, output};
        auto done = sealer.write("Subject: x\n\n" + std::string(50'000, 'x'));
        if (done) {
            const auto outcome = sealer.finish();
            if (outcome) break;
            done = outcome.error();
        }
        BOOST_TEST((done.error().fate == Fate::retry));
        BOOST_TEST(done.error().what == "the disk is full");
    }
}

BOOST_AUTO_TEST_CASE(without_a_key_nothing_goes_out) {
    const auto context = CryptoContext::create();
    SpillBudget budget{1 << 20, "/tmp"};
    CollectingOutput output;
    Sealer sealer{*context, {RecipientKeys{}}, options_with(LineEnd::lf), budget, output};
    const auto done = sealer.write("Subject: x\n\nbody\n");
    const auto outcome = done ? sealer.finish() : Result<SealOutcome>{done.error()};
    BOOST_REQUIRE(!outcome);
    BOOST_TEST((outcome.error().fate == Fate::retry));
    BOOST_TEST(output.headers == 0);
    BOOST_TEST(output.body_text.empty());
}

BOOST_AUTO_TEST_CASE(a_compressed_body_still_covers_the_original) {
    const std::string header = "From: a@example.net\r\nSubject: x\r\n\r\n";
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{5000}, std::size_t{1000000}}) {
        const std::string body(size, 'a');
        for (const Padding padding : {Padding::padme, Padding::none})
            for (const bool cover : {true, false}) {
                auto options = options_with(LineEnd::crlf);
                options.encryption.compression = Compression::zlib;
                options.encryption.padding = padding;
                options.encryption.never_shorter = cover;
                const auto sealed = seal(header + body, {recipient()}, options, pieces_of(65536));
                const auto armour = armour_of(sealed.output, options.line_end);
                BOOST_TEST((armour.size() >= size) == (cover || size < 5000), size);
                const auto original = undo_sealing(open_message(armour, first_key()).text);
                BOOST_REQUIRE(bool(original));
                BOOST_TEST((as_string(*original) == header + body), size);
            }
    }
}

BOOST_AUTO_TEST_CASE(mail_sealed_to_keys_that_announce_it_is_version_two_and_recognised) {
    RecipientKeys announcing = recipient();
    announcing.plan.seal_to.front().seipd2 = true;
    for (const bool anonymous : {false, true}) {
        auto options = options_with(LineEnd::lf);
        options.encryption.seipd2 = true;
        options.encryption.anonymous = anonymous;
        const std::string mail = "From: a@example.net\n\ntext\n";
        const auto sealed = seal(mail, {announcing}, options, whole());
        const Opened opened =
            open_message(armour_of(sealed.output, options.line_end), first_key(), "\n");
        BOOST_TEST(opened.packets.back().body.at(0) == 2);
        const auto original = undo_sealing(opened.text);
        BOOST_REQUIRE(bool(original));
        BOOST_TEST(as_string(*original) == mail);

        const auto again = seal(sealed.output.outer.render() + sealed.output.body_text,
                                {announcing}, options, pieces_of(1000));
        BOOST_TEST((again.outcome == SealOutcome::already_encrypted));
        const auto stranger = seal(sealed.output.outer.render() + sealed.output.body_text,
                                   {recipient_with(second_key())}, options, pieces_of(1000));
        BOOST_TEST((stranger.outcome == SealOutcome::already_encrypted) == anonymous);
    }
}

BOOST_AUTO_TEST_SUITE_END()
