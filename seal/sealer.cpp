#include "seal/sealer.hpp"

#include "base/secret.hpp"
#include "seal/added_returns.hpp"
#include "seal/boundary.hpp"
#include "seal/encryption_judge.hpp"
#include "seal/header.hpp"
#include "seal/mime_frame.hpp"
#include "seal/original_spill.hpp"
#include "seal/payload.hpp"
#include "seal/provenance.hpp"
#include "seal/shared_keys.hpp"

#include <algorithm>
#include <utility>

namespace maildircrypt {
namespace {

/// How far into a multipart/signed body we look for the header of the signed part.
constexpr std::size_t max_lookahead = 64 * 1024;

std::string_view view(const SecretText& text) {
    return {text.data(), text.size()};
}

}  // namespace

SealOptions SealOptions::for_recipients(std::span<const Address> recipients) const {
    SealOptions options = *this;
    options.headers = rules.policy_for(recipients);
    return options;
}

/// The one maker of sealed text: nothing but ciphertext and its MIME frame is written here.
class SealedBody : public Sink {
public:
    explicit SealedBody(MessageOutput& output) : output_(output) {}
    Result<void> write(std::string_view piece) override { return output_.body(Deliverable{piece}); }

private:
    MessageOutput& output_;
};

/// The one maker of text that its sender encrypted.
class OriginalReplay : public Sink {
public:
    explicit OriginalReplay(MessageOutput& output) : output_(output) {}
    Result<void> write(std::string_view piece) override { return output_.body(Deliverable{piece}); }

private:
    MessageOutput& output_;
};

class Sealer::State {
public:
    State(const CryptoContext& context, std::vector<RecipientKeys> recipients, SealOptions options,
          SpillBudget& budget, MessageOutput& output)
        : context_(context),
          recipients_(std::move(recipients)),
          options_(std::move(options)),
          budget_(budget),
          output_(output),
          sealed_body_(output) {}

    Result<void> write(std::string_view piece);
    Result<SealOutcome> finish();
    Result<void> replay_original(MessageOutput& output);

private:
    enum class Phase { header, lookahead, body };

    void end_header();
    bool lookahead_done() const;
    Result<void> start();
    Result<void> start_judging(const std::vector<HeaderField>& fields);
    Result<void> start_output(const std::vector<HeaderField>& fields);
    Result<void> feed(std::string_view piece);
    Result<void> encrypt(std::string_view piece);
    Result<void> insert();

    const CryptoContext& context_;
    std::vector<RecipientKeys> recipients_;
    SealOptions options_;
    SpillBudget& budget_;
    MessageOutput& output_;
    SealedBody sealed_body_;

    Phase phase_ = Phase::header;
    HeaderScanner scanner_;
    SecretText held_;  ///< the message so far, until sealing starts
    bool signed_root_ = false;

    InputLineEnd input_line_end_ = InputLineEnd::crlf;
    PayloadPlan plan_;
    std::string boundary_;
    std::unique_ptr<Encryptor> encryptor_;
    std::size_t position_ = 0;  ///< octets of the message that went into the encryption
    bool inserted_ = false;

    std::unique_ptr<EncryptionJudge> judge_;
    std::size_t header_left_ = 0;  ///< octets of header and separator that the judge does not get
    SecretText original_header_;   ///< with its separator
    std::unique_ptr<OriginalSpill> original_;  ///< the body
};

Result<void> Sealer::State::write(std::string_view piece) {
    if (phase_ == Phase::body) return feed(piece);
    held_.insert(held_.end(), piece.begin(), piece.end());
    if (phase_ == Phase::header) {
        if (!scanner_.scan(view(held_)) && held_.size() < max_header) return {};
        end_header();
    }
    return lookahead_done() ? start() : Result<void>{};
}

void Sealer::State::end_header() {
    signed_root_ = has_signed_root(split_fields(view(held_).substr(0, scanner_.length())));
    phase_ = Phase::lookahead;
}

bool Sealer::State::lookahead_done() const {
    return !signed_root_ ||
           held_.size() - scanner_.length() - scanner_.separator() >= max_lookahead;
}

Result<void> Sealer::State::start() {
    phase_ = Phase::body;
    const auto fields = split_fields(view(held_).substr(0, scanner_.length()));
    auto started = start_judging(fields);
    if (started) started = start_output(fields);
    if (!started) return started;
    const SecretText held = std::exchange(held_, {});
    return feed(view(held));
}

Result<void> Sealer::State::start_judging(const std::vector<HeaderField>& fields) {
    judge_ = judge_claim(fields, recognised_keys(recipients_));
    if (!judge_) return {};
    header_left_ = scanner_.length() + scanner_.separator();
    if (!options_.keep_original) return {};
    const std::string_view header = view(held_).substr(0, header_left_);
    original_header_.assign(header.begin(), header.end());
    auto original = OriginalSpill::create(context_, budget_);
    if (!original) return original.error();
    original_ = std::move(*original);
    return {};
}

Result<void> Sealer::State::start_output(const std::vector<HeaderField>& fields) {
    auto outer_boundary = make_boundary();
    auto wrap_boundary = make_boundary();
    if (!outer_boundary || !wrap_boundary) return retry("sealing: no random boundary");
    boundary_ = std::move(*outer_boundary);
    const std::string_view held = view(held_);
    const std::size_t body_at = scanner_.length() + scanner_.separator();
    const auto signed_part =
        signed_root_ ? inspect_signed_part(fields, held.substr(body_at)) : SignedPart::unprotected;
    input_line_end_ = detect_line_end(held);
    plan_ = plan_payload(held.substr(0, scanner_.length()), fields, input_line_end_, signed_part,
                         *wrap_boundary);

    const auto keys = keys_to_seal_to(recipients_);
    if (keys.empty()) return retry("sealing: no key to seal to");
    EncryptionOptions encryption = options_.encryption;
    encryption.line_end = options_.line_end;
    const auto provenance =
        sealed_provenance(options_.host, recipients_.front().log, keys, encryption.anonymous);
    auto done = output_.header(
        make_sealed_header(fields, options_.headers, provenance, boundary_, options_.line_end));
    if (done) done = sealed_body_.write(frame_head(boundary_, options_.line_end));
    if (!done) return done;
    auto encryptor = Encryptor::start(context_, keys, encryption, sealed_body_);
    if (!encryptor) return encryptor.error();
    encryptor_ = std::move(*encryptor);
    return encryptor_->write(plan_.recipe);
}

Result<void> Sealer::State::feed(std::string_view piece) {
    if (judge_) {
        const std::size_t header = std::min(header_left_, piece.size());
        header_left_ -= header;
        judge_->write(piece.substr(header));
        if (original_) {
            if (auto kept = original_->write(piece.substr(header)); !kept) return kept;
        }
    }
    if (!inserted_ && plan_.insert_at <= position_ + piece.size()) {
        const std::size_t before = plan_.insert_at - position_;
        auto written = encrypt(piece.substr(0, before));
        if (written) written = insert();
        if (!written) return written;
        piece.remove_prefix(before);
    }
    return encrypt(piece);
}

Result<void> Sealer::State::insert() {
    inserted_ = true;
    return encryptor_->write(plan_.insertion);
}

Result<void> Sealer::State::encrypt(std::string_view piece) {
    position_ += piece.size();
    return input_line_end_ == InputLineEnd::crlf ? encryptor_->write(piece)
                                                 : write_with_returns(piece, *encryptor_);
}

Result<SealOutcome> Sealer::State::finish() {
    if (phase_ == Phase::header) {
        scanner_.finish(view(held_));
        end_header();
    }
    if (phase_ == Phase::lookahead) {
        if (auto started = start(); !started) return started.error();
    }
    auto done = encryptor_->write(plan_.tail);
    if (done) done = encryptor_->finish();
    if (done) done = sealed_body_.write(frame_tail(boundary_, options_.line_end));
    if (!done) return done.error();
    const bool already = judge_ && judge_->is_encrypted_to_all();
    return already ? SealOutcome::already_encrypted : SealOutcome::sealed;
}

Result<void> Sealer::State::replay_original(MessageOutput& output) {
    if (!original_) return retry("replay: the original was not kept");
    const std::string_view text = view(original_header_);
    const auto line_end = input_line_end_ == InputLineEnd::lf ? LineEnd::lf : LineEnd::crlf;
    auto done = output.header(make_encrypted_header(split_fields(text.substr(0, scanner_.length())),
                                                    text.substr(scanner_.length()), options_.host,
                                                    options_.sealed_by, line_end));
    OriginalReplay replay{output};
    return done ? original_->read_to(replay) : done;
}

Sealer::Sealer(const CryptoContext& context, std::vector<RecipientKeys> recipients,
               SealOptions options, SpillBudget& spill, MessageOutput& output)
    : state_(std::make_unique<State>(context, std::move(recipients), std::move(options), spill,
                                     output)) {}
Sealer::~Sealer() = default;
Result<void> Sealer::write(std::string_view piece) {
    return state_->write(piece);
}
Result<SealOutcome> Sealer::finish() {
    return state_->finish();
}
Result<void> Sealer::replay_original(MessageOutput& output) {
    return state_->replay_original(output);
}

}  // namespace maildircrypt
