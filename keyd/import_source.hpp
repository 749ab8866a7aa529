/// Where certificates are imported from: a gpg home, a keyring, files of certificates, a shared
/// certificate directory, a Web Key Directory.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "seal/address.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maildircrypt {

inline constexpr std::size_t max_import_file = 256 * 1024 * 1024;  ///< octets of a file, or of gpg

/// One certificate, or why there is none.
struct ImportItem {
    std::string origin;              ///< the file
    std::string fingerprint;         ///< for reports; empty when it cannot be told
    OctetString certificate;         ///< not armoured
    std::vector<Address> addresses;  ///< of its user ids, valid or not, each once
    std::optional<std::string> refusal;
};

using ImportSink = std::function<Result<void>(ImportItem)>;

/// Certificates of an export (armoured or binary), in their order. What cannot be read becomes an
/// item with a refusal, and the next block is tried.
Result<void> split_certificates(const std::string& origin, std::string_view text,
                                const ImportSink& sink);

/// Everything below or in `path`, file by file. An error of the sink ends it and is returned.
/// Errors of its own (refuse): nothing of the kind is there; (retry): it cannot be read.
Result<void> read_import_source(const std::string& path, const ImportSink& sink);

}  // namespace maildircrypt
