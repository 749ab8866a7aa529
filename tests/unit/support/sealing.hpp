/// Seals whole messages in tests and takes apart what comes out.
#pragma once

#include "seal/sealer.hpp"
#include "tests/unit/pgp_key.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt::test {

/// What keyd would answer: seal to this key, recognise it.
RecipientKeys recipient_with(const KeyPair& pair);

/// Keeps everything.
class CollectingOutput : public MessageOutput {
public:
    Result<void> header(const OuterHeader& header) override;
    Result<void> body(Deliverable piece) override;

    OuterHeader outer;
    int headers = 0;
    std::string body_text;
    std::string text() const { return outer.render() + body_text; }
};

struct SealedMessage {
    SealOutcome outcome = SealOutcome::sealed;
    CollectingOutput output;
    std::string replayed;  ///< the marked original, when it was already encrypted and kept
};

/// How large the next piece is; never zero.
using PieceSize = std::function<std::size_t()>;

/// Throws std::runtime_error when the sealer fails.
SealedMessage seal(std::string_view message, std::vector<RecipientKeys> recipients,
                   const SealOptions& options, const PieceSize& piece_size);

/// The armour of a sealed body whose every other octet is as seal/FORMAT has it; throws
/// std::runtime_error when one is not.
std::string_view armour_of(const CollectingOutput& output, LineEnd line_end);

}  // namespace maildircrypt::test
