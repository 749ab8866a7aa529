/// A stripped certificate taken apart: each component with the signatures that its owner seems to
/// have made on it, RFC 4880 §11.1.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "seal/key_plan.hpp"

#include <vector>

namespace maildircrypt {

/// The body of a key or user id packet, and the bodies of the signature packets behind it.
struct SignedComponent {
    OctetString body;
    std::vector<OctetString> signatures;
};

struct TransferableKey {
    Fingerprint fingerprint{};
    SignedComponent primary;  ///< with direct-key signatures and key revocations
    std::vector<SignedComponent> user_ids;
    std::vector<SignedComponent> subkeys;
    bool names_revoker = false;  ///< lets another key revoke it: a designated revoker
    /// A revocation of the key or of a subkey that another key claims to have made, and that was
    /// dropped.
    bool revoked_by_other = false;
};

/// As octets: primary key, user ids, subkeys, each followed by its signatures.
OctetString serialise(const TransferableKey& key);

/// Adds a signature that the component does not have yet.
void add_signature(SignedComponent& component, OctetString signature);
/// Adds a component, or its signatures when a component with the same body is there.
void add_component(std::vector<SignedComponent>& components, SignedComponent component);

/// Union of two forms of the same certificate: nothing that either has is lost.
void merge(TransferableKey& into, const TransferableKey& from);

/// Refuses a certificate that a designated revoker (RFC 4880 §5.2.3.15) seems to have revoked: gpg,
/// which has not that key, could not tell, and so would take it for unrevoked.
Result<void> check_revokers(const TransferableKey& key);

/// Whether it keeps within max_user_ids, max_subkeys and max_certificate. The error (refuse) says
/// how to make it smaller.
Result<void> check_limits(const TransferableKey& key);

}  // namespace maildircrypt
