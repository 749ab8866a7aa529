/// A checked certificate as the text that the store keeps beside its octets, so that no parser and
/// no gpg is needed again.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "keyd/certificate.hpp"

#include <string>
#include <string_view>

namespace maildircrypt {

/// Everything but `binary`.
std::string write_certificate(const Certificate& certificate);
/// Fails (retry) on text that write_certificate() did not write: the store is damaged.
Result<Certificate> read_certificate(std::string_view text, Octets binary);

}  // namespace maildircrypt
