/// Makes a lookup's answer ahead of time, so that a lookup only copies text.
#pragma once

#include "keyd/store.hpp"

#include <cstdint>
#include <string>

namespace maildircrypt {

/// The answer of an entry from `now` until `valid_until`: the members `recognise`, `seal_to` and
/// `state`, or, of a recovery certificate, `recovery`. A known entry never gets `no_key`: without
/// certificates, or with none that could ever be sealed to, it is a tombstone. An alias's targets
/// are not looked at (keyd/resolver.hpp does).
CompiledAnswer compile_answer(const EntryName& name, const Binding& binding, std::int64_t now,
                              bool all_subkeys);

/// Adds every encryption subkey of the binding's certificates to its recognise set.
void remember_subkeys(Binding& binding);

/// `"store":{...},"log":{...}`, as it stands in every answer.
std::string render_stamp(const StoreStamp& stamp);

}  // namespace maildircrypt
