#include "seal/encryptor.hpp"

#include "seal/armour_writer.hpp"
#include "seal/fingerprint.hpp"
#include "seal/packet_writer.hpp"
#include "seal/pkesk.hpp"
#include "seal/rsa.hpp"
#include "seal/seipd1.hpp"
#include "seal/seipd2.hpp"
#include "seal/session_key.hpp"
#include "seal/stored_deflate.hpp"
#include "seal/zlib_deflate.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <variant>

namespace maildircrypt {
namespace {

constexpr std::uint8_t compressed_tag = 8;
constexpr std::uint8_t literal_tag = 11;
constexpr std::uint8_t zip = 1;  // RFC 4880 §9.3: raw deflate
/// Binary, no name, no date (RFC 4880 §5.9).
constexpr std::array<std::uint8_t, 6> literal_start{'b', 0, 0, 0, 0, 0};

std::unique_ptr<DeflateStream> make_deflate(Compression compression, OctetSink& next) {
    switch (compression) {
        case Compression::none:
            return std::make_unique<StoredDeflate>(next);
        case Compression::zlib:
            return std::make_unique<ZlibDeflate>(next);
    }
    return nullptr;
}

/// In any doubt the version that everybody reads.
SeipdVersion choose_version(const CryptoContext& context, std::span<const EncryptionKey> keys,
                            const EncryptionOptions& options) {
    const bool version2 =
        options.seipd2 && context.has_seipd2() &&
        std::all_of(keys.begin(), keys.end(), [](const EncryptionKey& key) { return key.seipd2; });
    return version2 ? SeipdVersion::v2 : SeipdVersion::v1;
}

std::unique_ptr<SeipdWriter> make_seipd(SeipdVersion version, OctetSink& next) {
    switch (version) {
        case SeipdVersion::v1:
            return std::make_unique<Seipd1Writer>(next);
        case SeipdVersion::v2:
            return std::make_unique<Seipd2Writer>(next);
    }
    return nullptr;
}

ArmourChecksum checksum_for(SeipdVersion version) {
    return version == SeipdVersion::v1 ? ArmourChecksum::crc24 : ArmourChecksum::none;
}

/// Plaintext -> literal packet -> deflate -> compressed packet -> SEIPD packet -> armour. A key
/// that is refused here was accepted at upload: that is for an administrator, and the mail can
/// wait.
class StreamEncryptor final : public Encryptor {
public:
    StreamEncryptor(const EncryptionOptions& options, SeipdVersion version, Sink& sink)
        : options_(options),
          version_(version),
          armour_(options.line_end, checksum_for(version), sink),
          seipd_(make_seipd(version, armour_)),
          compressed_(compressed_tag, *seipd_),
          deflate_(make_deflate(options.compression, compressed_)),
          literal_(literal_tag, *deflate_) {}

    /// Everything random is drawn before the first octet goes out.
    Result<void> begin(const CryptoContext& context, std::span<const EncryptionKey> keys) {
        OctetString packets;
        SessionKey session_key;
        if (keys.empty()) return retry("encrypt: there is no key");
        if (auto done = session_key.draw(); !done) return done;
        const KeyName name = options_.anonymous ? KeyName::hidden : KeyName::shown;
        for (const EncryptionKey& key : keys)
            if (auto done = append_pkesk(context, key, session_key, version_, name, packets); !done)
                return retry("encrypt: " + done.error().what);
        if (auto done = seipd_->start(context, session_key); !done) return done;

        if (auto done = armour_.start(); !done) return done;
        if (auto done = armour_.write(packets); !done) return done;
        if (auto done = compressed_.write({&zip, 1}); !done) return done;
        if (auto done = literal_.write(literal_start); !done) return done;
        stage_ = Stage::open;
        return {};
    }

    Result<void> write(std::string_view plaintext) override {
        if (stage_ != Stage::open) return closed();
        stage_ = Stage::closed;  // for good, unless this write works
        if (auto done = literal_.write(as_octets(plaintext)); !done) return done;
        plaintext_octets_ += plaintext.size();
        stage_ = Stage::open;
        return {};
    }

    Result<void> finish() override {
        if (stage_ != Stage::open) return closed();
        stage_ = Stage::closed;
        const Octets last = literal_.last_piece();
        if (auto done = deflate_->finish(last, options_.padding, least_deflated()); !done)
            return done;
        if (auto done = compressed_.finish(); !done) return done;
        if (auto done = seipd_->finish(); !done) return done;
        return armour_.finish();
    }

private:
    enum class Stage { closed, open };

    /// Four armour characters stand for three octets.
    std::uint64_t least_deflated() const {
        return options_.never_shorter ? plaintext_octets_ - plaintext_octets_ / 4 : 0;
    }

    static Error closed() { return retry("encrypt: the message has failed or is finished"); }

    EncryptionOptions options_;
    SeipdVersion version_;
    Stage stage_ = Stage::closed;
    std::uint64_t plaintext_octets_ = 0;
    ArmourWriter armour_;
    std::unique_ptr<SeipdWriter> seipd_;
    PacketWriter compressed_;
    std::unique_ptr<DeflateStream> deflate_;
    PacketWriter literal_;
};

}  // namespace

Result<std::unique_ptr<Encryptor>> Encryptor::start(const CryptoContext& context,
                                                    std::span<const EncryptionKey> keys,
                                                    const EncryptionOptions& options,
                                                    Sink& armour) {
    const SeipdVersion version = choose_version(context, keys, options);
    auto encryptor = std::make_unique<StreamEncryptor>(options, version, armour);
    if (auto begun = encryptor->begin(context, keys); !begun) return begun.error();
    return std::unique_ptr<Encryptor>{std::move(encryptor)};
}

Result<void> check_encryption_key(Octets packet) {
    const auto parsed = parse_public_key(packet);
    if (!parsed) return parsed.error();
    if (const auto* rsa = std::get_if<RsaNumbers>(&parsed->numbers))
        if (auto sound = check_rsa(*rsa); !sound) return sound;

    // The rest shows when the key is used.
    const auto context = CryptoContext::create();
    if (!context) return context.error();
    SessionKey session_key;
    if (auto done = session_key.draw(); !done) return done;
    const EncryptionKey key{fingerprint_of(packet), {packet.begin(), packet.end()}};
    OctetString packets;
    return append_pkesk(*context, key, session_key, SeipdVersion::v1, KeyName::shown, packets);
}

}  // namespace maildircrypt
