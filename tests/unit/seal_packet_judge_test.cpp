#include "seal/packet_judge.hpp"
#include "tests/unit/pgp_key.hpp"

#include <random>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

Fingerprint ours() {
    Fingerprint fingerprint;
    for (std::size_t i = 0; i < fingerprint.size(); ++i)
        fingerprint[i] = static_cast<std::uint8_t>(i + 1);
    return fingerprint;
}

OctetString packet(int tag, const OctetString& body) {
    return join(
        {{static_cast<std::uint8_t>(0xC0 | tag), static_cast<std::uint8_t>(body.size())}, body});
}

OctetString version3(OctetString key_id) {
    return packet(1, join({{3}, std::move(key_id), {18, 0, 1, 1, 4, 1, 2, 3, 4}}));
}

OctetString version6(OctetString name) {
    return packet(1, join({{6, static_cast<std::uint8_t>(name.size())},
                           std::move(name),
                           {18, 0, 1, 1, 4, 1, 2, 3, 4}}));
}

OctetString our_id() {
    const Fingerprint fingerprint = ours();
    return {fingerprint.end() - 8, fingerprint.end()};
}

OctetString our_name() {
    const Fingerprint fingerprint = ours();
    return join({{4}, {fingerprint.begin(), fingerprint.end()}});
}

OctetString container(std::uint8_t version) {
    OctetString body(100, 0xAA);
    body.front() = version;
    return packet(18, body);
}

bool judge(const std::vector<OctetString>& packets, std::size_t piece = 10000) {
    PacketJudge judge{{{ours()}}};
    const OctetString all = join(packets);
    for (Octets rest{all}; !rest.empty(); rest = rest.subspan(std::min(piece, rest.size())))
        judge.write(rest.first(std::min(piece, rest.size())));
    return judge.is_encrypted_to_all();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_packet_judge)

BOOST_AUTO_TEST_CASE(both_versions_are_recognised_by_name_and_without) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
        BOOST_TEST(judge({version3(our_id()), container(1)}, piece));
        BOOST_TEST(judge({version3(OctetString(8, 0)), container(1)}, piece));
        BOOST_TEST(judge({version6(our_name()), container(2)}, piece));
        BOOST_TEST(judge({version6({}), container(2)}, piece));
    }
}

BOOST_AUTO_TEST_CASE(versions_that_do_not_go_together_are_not_a_message) {
    BOOST_TEST(!judge({version3(our_id()), container(2)}));
    BOOST_TEST(!judge({version6(our_name()), container(1)}));
    BOOST_TEST(!judge({version3(our_id()), version6(our_name()), container(1)}));
    BOOST_TEST(!judge({version3(our_id()), version6(our_name()), container(2)}));
    BOOST_TEST(!judge({version3(our_id()), container(3)}));
    BOOST_TEST(!judge({container(1)}));
    BOOST_TEST(!judge({container(2)}));
    BOOST_TEST(!judge({packet(1, {}), container(1)}));
    BOOST_TEST(!judge({}));
}

BOOST_AUTO_TEST_CASE(a_name_must_be_a_whole_fingerprint_of_a_version_four_key) {
    OctetString other_version = our_name();
    other_version.front() = 6;
    BOOST_TEST(!judge({version6(other_version), container(2)}));
    for (std::size_t size = 1; size < our_name().size(); ++size) {
        const OctetString name = our_name();
        BOOST_TEST(!judge({version6({name.end() - static_cast<std::ptrdiff_t>(size), name.end()}),
                           container(2)}));
    }
    OctetString longer = our_name();
    longer.insert(longer.begin() + 1, 12, 0);  // as long as a version 6 fingerprint
    BOOST_TEST(!judge({version6(longer), container(2)}));
    OctetString somebody = our_name();
    somebody.back() ^= 1;
    BOOST_TEST(!judge({version6(somebody), container(2)}));
    BOOST_TEST(judge({version6(somebody), version6(our_name()), container(2)}));
}

BOOST_AUTO_TEST_CASE(a_packet_cut_short_is_not_a_message) {
    const OctetString whole = join({version6(our_name()), container(2)});
    for (std::size_t size = 0; size < whole.size(); ++size)
        BOOST_TEST(!judge(
            {OctetString{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}}));
    BOOST_TEST(!judge({whole, {0xC0}}));
    // A size of the name that goes beyond the packet.
    for (int size = 0; size < 256; ++size)
        BOOST_TEST((judge({packet(1, {6, static_cast<std::uint8_t>(size), 4}), container(2)}) ==
                    (size == 0)));
}

BOOST_AUTO_TEST_CASE(whatever_octets_come_the_pieces_do_not_matter) {
    std::mt19937 random{1};
    const auto below = [&](std::size_t limit) { return random() % limit; };
    const OctetString seeds[] = {join({version3(our_id()), container(1)}),
                                 join({version6(our_name()), version6({}), container(2)})};
    for (int round = 0; round < 20000; ++round) {
        OctetString octets = seeds[below(2)];
        for (std::size_t changes = below(4); changes > 0; --changes)
            octets[below(octets.size())] = static_cast<std::uint8_t>(random());
        octets.resize(1 + below(octets.size()));
        BOOST_TEST(judge({octets}) == judge({octets}, 1));
    }
}

BOOST_AUTO_TEST_SUITE_END()
