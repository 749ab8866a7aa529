#include "seal/provenance.hpp"

namespace maildircrypt {
namespace {

std::string provenance(std::string_view verdict, std::string_view host) {
    return std::string{provenance_name} + ": " + std::string{verdict} +
           "; host=" + std::string{host};
}

}  // namespace

std::string sealed_provenance(std::string_view host, const LogPosition& log,
                              std::span<const EncryptionKey> keys, bool anonymous) {
    std::string field = provenance("sealed", host);
    field += ";\n log=" + std::to_string(log.sequence) + ':' + log.head;
    if (anonymous) return field;
    std::string_view separator = ";\n keys=";
    for (const auto& key : keys) {
        field += separator;
        field += to_hex(key.fingerprint);
        separator = ",\n ";
    }
    return field;
}

std::string clear_provenance(std::string_view host, std::string_view reason) {
    return provenance("clear", host) + "; reason=" + std::string{reason};
}

std::string end_to_end_provenance(std::string_view host) {
    return provenance("end-to-end", host);
}

}  // namespace maildircrypt
