/// Which fields of the original header stay outside, in each mode: the table that
/// maildircrypt-message(5) prints with its reasons.
#pragma once

#include <span>
#include <string_view>

namespace maildircrypt {

/// How much of the original header stays outside a sealed message. In every mode replies, vacation
/// programs, list software and loop detection keep working.
enum class OuterHeaders {
    standard,  ///< and what threading and filters want
    minimal,   ///< what transport, replies, automatic answers and loop detection need
    all,       ///< everything but what the encryption makes wrong
};

struct OuterFields {
    enum class Extent {
        minimal,   ///< outside in every mode
        standard,  ///< inside in mode minimal
        never,     ///< inside in every mode
    };
    std::string_view name;  ///< folded
    bool prefix = false;    ///< of every name that begins so
    Extent extent = Extent::never;
};

/// The first that matches a name counts. A name that is not here stays outside in mode `all` only;
/// of Subject the subject policy decides.
std::span<const OuterFields> outer_fields();

/// Whether a field of that name (any case) stays outside. Not for Subject.
bool stays_outside(std::string_view name, OuterHeaders mode);

}  // namespace maildircrypt
