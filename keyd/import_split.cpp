#include "keyd/armour.hpp"
#include "keyd/import_source.hpp"
#include "keyd/packets.hpp"
#include "keyd/verdict.hpp"
#include "seal/fingerprint.hpp"

#include <algorithm>

namespace maildircrypt {
namespace {

constexpr std::string_view begin_block = "-----BEGIN PGP";

void add_address(ImportItem& item, Octets user_id) {
    const auto address = address_of_user_id(as_text(user_id));
    auto& known = item.addresses;
    if (address && std::find(known.begin(), known.end(), *address) == known.end())
        known.push_back(*address);
}

void append(OctetString& out, Octets octets) {
    out.insert(out.end(), octets.begin(), octets.end());
}

/// Cuts before each primary key.
Result<void> split_packets(const std::string& origin, Octets octets, const ImportSink& sink) {
    PacketReader packets{octets};
    ImportItem item{origin, {}, {}, {}, {}};
    for (;;) {
        const std::size_t start = octets.size() - packets.left();
        auto packet = packets.next();
        if (!packet) item.refusal = packet.error().what;
        const bool ends = !packet || !*packet;
        const bool begins = !ends && (*packet)->tag == PacketTag::public_key;
        if ((ends || begins) && (!item.certificate.empty() || item.refusal)) {
            if (auto taken = sink(std::exchange(item, {origin, {}, {}, {}, {}})); !taken)
                return taken;
        }
        if (ends) return {};
        const Packet& found = **packet;
        if (begins) item.fingerprint = to_hex(fingerprint_of(found.body));
        if (found.tag == PacketTag::user_id) add_address(item, found.body);
        append(item.certificate, octets.subspan(start, octets.size() - packets.left() - start));
    }
}

}  // namespace

Result<void> split_certificates(const std::string& origin, std::string_view text,
                                const ImportSink& sink) {
    const bool binary = first_tag(as_octets(text)).has_value();
    // Block by block, so that a damaged one does not take the others with it.
    while (!text.empty()) {
        const std::size_t first = binary ? text.npos : text.find(begin_block);
        const std::size_t next =
            first == text.npos ? text.npos : text.find(begin_block, first + begin_block.size());
        const std::string_view block = text.substr(0, next);
        text.remove_prefix(block.size());
        auto octets = read_upload(block);
        auto done = octets ? split_packets(origin, *octets, sink)
                           : sink(ImportItem{origin, {}, {}, {}, octets.error().what});
        if (!done) return done;
    }
    return {};
}

}  // namespace maildircrypt
