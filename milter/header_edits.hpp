/// From the header that the MTA holds to the header that will be stored: the edits that libmilter
/// can do, in an order in which each finds its field. Pure.
#pragma once

#include "base/result.hpp"
#include "seal/deliverable.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace maildircrypt {

/// Numbered as libmilter does: a change or removal counts the fields of that name, from 1, whatever
/// their case, as they are at that moment; an insertion counts all fields, the MTA's own Received
/// in front included, which no milter is shown.
struct HeaderEdit {
    enum class Kind { change, remove, insert, append };
    Kind kind;
    std::size_t index;  ///< unused by append
    std::string name;
    std::string value;  ///< with the blank behind the colon (SMFIP_HDR_LEADSPC), folded with LF
};

/// `names` are those of the fields that the MTA passed, in order. An error (retry) when `outer` is
/// not made from this header: no edit is then safe.
Result<std::vector<HeaderEdit>> plan_header_edits(std::span<const std::string> names,
                                                  const OuterHeader& outer);

}  // namespace maildircrypt
