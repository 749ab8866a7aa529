/// A next hop in memory, and what a guard needs beside it.
#pragma once

#include "pipe/lmtp_guard.hpp"
#include "tests/unit/support/sealing.hpp"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace maildircrypt::lmtp {

/// Keeps what is delivered; fails where a test says so.
class FakeHop : public NextHop {
public:
    struct Delivered {
        std::vector<std::string> paths;
        TextOrigin origin;
        std::string text;
    };

    Offer offer() const override { return {}; }
    LineEnd line_end() const override { return LineEnd::crlf; }
    Reply judge(const Sender&, const Recipient&, const Address&) const override { return verdict; }
    bool has_room_for(std::uint64_t octets) const override { return octets <= room; }
    Result<std::unique_ptr<Delivery>> open(const Sender&, std::vector<Destination> destinations,
                                           TextOrigin origin) override {
        Delivered copy{{}, origin, {}};
        for (auto& destination : destinations) copy.paths.push_back(destination.envelope.path);
        if (copy.paths.front() == fails_to_open) return retry("open");
        return std::unique_ptr<Delivery>{std::make_unique<FakeDelivery>(*this, std::move(copy))};
    }

    std::vector<Delivered> delivered;
    int open_deliveries = 0;
    Reply verdict{250, "2.1.5", "Ok", {}};
    std::uint64_t room = UINT64_MAX;
    std::string fails_to_open;   ///< the path of a recipient
    std::string fails_to_write;  ///< in the body
    std::map<std::string, Reply> at_end;

private:
    class FakeDelivery : public Delivery {
    public:
        FakeDelivery(FakeHop& hop, Delivered copy) : hop_(hop), copy_(std::move(copy)) {
            ++hop_.open_deliveries;
        }
        ~FakeDelivery() override { --hop_.open_deliveries; }
        FakeDelivery(const FakeDelivery&) = delete;
        FakeDelivery& operator=(const FakeDelivery&) = delete;

        Result<void> header(const OuterHeader& header) override {
            copy_.text += header.render();
            return {};
        }
        Result<void> body(Deliverable piece) override {
            BOOST_TEST(!failed_, "written to after an error");
            failed_ = copy_.paths.front() == hop_.fails_to_write;
            if (failed_) return retry("disk full");
            copy_.text += piece.text();
            return {};
        }
        std::vector<Reply> deliver(Deadline) override {
            std::vector<Reply> replies;
            for (const auto& path : copy_.paths) {
                const auto said = hop_.at_end.find(path);
                replies.push_back(said == hop_.at_end.end() ? Reply{250, "2.0.0", "saved", {}}
                                                            : said->second);
            }
            hop_.delivered.push_back(copy_);
            return replies;
        }

    private:
        FakeHop& hop_;
        Delivered copy_;
        bool failed_ = false;
    };
};

/// keyd knows k1@, k2@ and k3@x.test (three keys), old@ (expired), revoked@, lost@ (tombstone);
/// asked about broken@ it is away.
struct Stage {
    Stage() : crypto(std::move(*CryptoContext::create())) {
        seal.host = "mx.test";
        seal.sealed_by = {seal.host};
    }

    CryptoContext crypto;
    KeyLookup lookup = [this](const Address& address) { return answer(address); };
    MailboxNames names;
    PolicyConfig policy;
    SealOptions seal;
    SpillBudget spill{1024 * 1024, "/tmp"};
    SpillBudget headers{64 * 1024, "/tmp"};
    FakeHop hop;
    Tally in_flight{100};
    Log log{Log::Target::syslog, "unit-tests"};
    Guard guard{crypto, lookup, names, policy, seal, spill, headers, hop, in_flight, log};
    int lookups = 0;

    Verdict judge_path(const std::string& path, Sender sender = {"<s@x.test>", {}, false, {}, {}}) {
        return judge(guard, sender, {path, {}}, "test");
    }
    /// Those that are accepted.
    std::vector<Treated> treat_all(const std::vector<std::string>& paths) {
        std::vector<Treated> treated;
        for (const auto& path : paths) {
            auto verdict = judge_path(path);
            BOOST_REQUIRE_MESSAGE(verdict.treated.has_value(), path);
            treated.push_back(std::move(*verdict.treated));
        }
        return treated;
    }

private:
    Result<RecipientKeys> answer(const Address& address) {
        ++lookups;
        using test::Kind;
        const std::map<std::string_view, Kind> kinds{
            {"k1", Kind::cv25519}, {"k2", Kind::p256}, {"k3", Kind::p384}, {"old", Kind::cv25519}};
        const std::map<std::string_view, KeyState> states{{"old", KeyState::expired},
                                                          {"revoked", KeyState::revoked},
                                                          {"lost", KeyState::tombstone}};
        if (address.local() == "broken") return retry("keyd is away");
        RecipientKeys keys;
        if (const auto kind = kinds.find(address.local()); kind != kinds.end())
            keys = test::recipient_with(test::key_of(kind->second));
        if (const auto state = states.find(address.local()); state != states.end())
            keys.state = state->second;
        return keys;
    }
};

}  // namespace maildircrypt::lmtp
