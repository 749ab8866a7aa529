/// One message, sealed while it streams through: header fields first, then the body, then the end.
#pragma once

#include "base/result.hpp"
#include "base/spill.hpp"
#include "seal/clear_passage.hpp"
#include "seal/crypto_context.hpp"
#include "seal/deliverable.hpp"
#include "seal/encryptor.hpp"
#include "seal/header_rules.hpp"
#include "seal/key_plan.hpp"
#include "seal/line_end.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

struct SealOptions {
    HeaderPolicy headers;  ///< of this message: see for_recipients()
    HeaderRules rules;
    EncryptionOptions encryption;
    /// Of what is written: CRLF towards a milter or LMTP, LF in a Maildir. (Input may have either;
    /// undoing restores it.)
    LineEnd line_end = LineEnd::crlf;
    std::string host;  ///< for the provenance field
    /// Hosts whose provenance field stays on mail that is encrypted already: see
    /// make_encrypted_header(). For guards; what a milter gets comes from senders.
    std::vector<std::string> sealed_by;
    /// Keep what a message that turns out to be already encrypted needs for replay_original(). The
    /// milter does not.
    bool keep_original = true;

    /// These options with the header policy that the rules give to one message for `recipients`.
    SealOptions for_recipients(std::span<const Address> recipients) const;
};

/// What the message turned out to be at its last octet.
enum class SealOutcome {
    sealed,
    already_encrypted,  ///< to every recipient; discard what `output` got and deliver the original
};

/// Feeds `output` with the sealed message as bytes arrive; memory is constant. Not thread-safe; one
/// per message.
class Sealer {
public:
    /// `recipients` share the one message; each has at least one key in seal_to. `context`, `spill`
    /// and `output` outlive the sealer.
    Sealer(const CryptoContext& context, std::vector<RecipientKeys> recipients, SealOptions options,
           SpillBudget& spill, MessageOutput& output);
    ~Sealer();

    /// The raw message, header and body, in pieces of any size. All errors are of fate retry.
    Result<void> write(std::string_view piece);
    Result<SealOutcome> finish();

    /// After already_encrypted: the original, octet for octet but for the provenance field in its
    /// header.
    Result<void> replay_original(MessageOutput& output);

private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace maildircrypt
