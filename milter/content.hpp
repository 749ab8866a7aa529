/// The content of one message that is to be sealed: fed from the callbacks, ends in a replaced body
/// and header.
#pragma once

#include "base/secret.hpp"
#include "milter/mta.hpp"
#include "milter/named.hpp"
#include "milter/reply.hpp"
#include "milter/sealed_store.hpp"
#include "milter/service.hpp"
#include "seal/address.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

struct KeyedRecipient {
    Address address;
    RecipientKeys keys;
};

/// Decides at the end of the header whether the recipients may share the message, and seals. With
/// one recipient nothing waits for that. Not thread-safe; one per message.
class SealedContent {
public:
    /// A header is gathered up to this many octets to see whom it names; one that is longer names
    /// nobody.
    static constexpr std::size_t max_gathered = 1024 * 1024;

    /// `service` and `ticket` outlive the content.
    SealedContent(const MilterService& service, Admissions::Ticket& ticket,
                  std::vector<KeyedRecipient> recipients);

    /// All errors are of fate retry; nothing is written after one.
    Result<void> field(std::string_view name, std::string_view value);
    Result<void> end_of_header();
    Result<void> body(std::string_view piece);

    enum class Outcome {
        sealed,             ///< edit the message with the store's header and body
        already_encrypted,  ///< by the sender, to every recipient: mark it
        left_to_guard,      ///< somebody is not named: let it pass as it is
        too_large,
        too_much,
    };
    Result<Outcome> finish();
    const SealedStore& store() const { return store_; }

private:
    Result<void> write(std::string_view piece);
    Result<void> decide(bool all_named);

    const MilterService& service_;
    std::vector<Address> addresses_;
    std::vector<RecipientKeys> keys_;
    SealedStore store_;
    NamedAddresses named_;
    SecretText gathered_;  ///< the header so far, while it is undecided who may share it
    bool decided_ = false;
    bool header_ended_ = false;
    std::unique_ptr<Sealer> sealer_;  ///< none when the guard will seal
};

}  // namespace maildircrypt
