/// Makes a lookup's answer ahead of time, so that a lookup only copies text.
#pragma once

#include "keyd/store.hpp"

#include <cstdint>
#include <string>

namespace maildircrypt {

/// The answer about `address` from `now` until `valid_until`. A known address never gets `no_key`:
/// without certificates, or with none that could ever be sealed to, it is a tombstone.
CompiledAnswer compile_answer(const Address& address, const Binding& binding, std::int64_t now,
                              bool all_subkeys);

/// Adds every encryption subkey of the binding's certificates to its recognise set.
void remember_subkeys(Binding& binding);

/// The whole JSON text: the stamp, and what was compiled (or "no_key" for an unknown address).
std::string render_answer(const Address& address, const StoredAnswer& answer);

/// `"store":{...},"log":{...}`, as it stands in every answer.
std::string render_stamp(const StoreStamp& stamp);

}  // namespace maildircrypt
