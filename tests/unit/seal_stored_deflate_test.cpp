#include "seal/padding.hpp"
#include "seal/stored_deflate.hpp"
#include "seal/zlib_deflate.hpp"
#include "tests/unit/pgp_reader.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

struct Collector : OctetSink {
    OctetString octets;
    Result<void> write(Octets piece) override {
        octets.insert(octets.end(), piece.begin(), piece.end());
        return {};
    }
};

template <class Stream>
OctetString deflate_all(const OctetString& plain, Padding padding, std::size_t piece = 100000,
                        std::uint64_t least = 0) {
    Collector out;
    Stream stream{out};
    Octets rest{plain};
    for (; rest.size() > piece; rest = rest.subspan(piece))
        BOOST_REQUIRE(stream.write(rest.first(piece)));
    BOOST_REQUIRE(stream.finish(rest, padding, least));
    return out.octets;
}

OctetString counted(std::size_t size) {
    OctetString octets(size);
    for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::uint8_t>(i * i >> 3U);
    return octets;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_stored_deflate)

BOOST_AUTO_TEST_CASE(one_octet_is_one_final_block) {
    BOOST_TEST((deflate_all<StoredDeflate>({'a'}, Padding::none) ==
                OctetString{0x01, 0x01, 0x00, 0xFE, 0xFF, 'a'}));
}

BOOST_AUTO_TEST_CASE(nothing_stands_behind_the_last_octet) {
    for (const std::size_t size : {1U, 2U, 1000U, 100000U})
        for (const std::uint64_t least : {0U, 500000U}) {
            OctetString plain = counted(size);
            plain.back() = 0xA5;
            for (const Padding padding : {Padding::none, Padding::padme}) {
                BOOST_TEST(deflate_all<StoredDeflate>(plain, padding, 8192, least).back() == 0xA5);
                BOOST_TEST(deflate_all<ZlibDeflate>(plain, padding, 8192, least).back() == 0xA5);
            }
        }
}

BOOST_AUTO_TEST_CASE(a_piece_is_a_stored_block_and_its_last_octet_another) {
    BOOST_TEST(
        (deflate_all<StoredDeflate>({'a', 'b', 'c'}, Padding::none) ==
         OctetString{0x00, 0x02, 0x00, 0xFD, 0xFF, 'a', 'b', 0x01, 0x01, 0x00, 0xFE, 0xFF, 'c'}));
}

BOOST_AUTO_TEST_CASE(long_pieces_become_several_blocks) {
    for (const std::size_t size : {65534U, 65535U, 65536U, 131070U, 131071U, 300000U}) {
        const OctetString plain = counted(size);
        const OctetString deflated = deflate_all<StoredDeflate>(plain, Padding::none, size);
        BOOST_TEST((inflate_all(deflated) == plain));
        BOOST_TEST(deflated.size() == size + 5 * ((size - 1 + 65534) / 65535) + 5);
    }
}

BOOST_AUTO_TEST_CASE(every_gap_is_filled_to_the_octet) {
    for (std::size_t size = 1; size < 2100; ++size) {
        const OctetString plain = counted(size);
        const std::size_t bare = deflate_all<StoredDeflate>(plain, Padding::none).size();
        const OctetString padded = deflate_all<StoredDeflate>(plain, Padding::padme);
        BOOST_REQUIRE_EQUAL(padded.size(), padme(bare + 20));
        BOOST_REQUIRE(inflate_all(padded) == plain);
    }
}

BOOST_AUTO_TEST_CASE(gaps_of_megabytes_are_filled) {
    const std::size_t size = (std::size_t{1} << 26U) + 100;
    const OctetString plain(size, 'x');
    const std::size_t bare = deflate_all<StoredDeflate>(plain, Padding::none).size();
    const OctetString padded = deflate_all<StoredDeflate>(plain, Padding::padme);
    BOOST_TEST(padded.size() == padme(bare + 20));
    BOOST_TEST(padded.size() - bare > 1000000U);
    BOOST_TEST((inflate_all(padded) == plain));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(seal_zlib_deflate)

BOOST_AUTO_TEST_CASE(compresses_and_gives_back) {
    for (const std::size_t size : {1U, 2U, 8191U, 8192U, 8193U, 100000U, 1000000U})
        for (const std::size_t piece : {977U, 8192U, 1000000U})
            for (const Padding padding : {Padding::none, Padding::padme}) {
                const OctetString plain = counted(size);
                const OctetString deflated = deflate_all<ZlibDeflate>(plain, padding, piece);
                BOOST_TEST((inflate_all(deflated) == plain));
                if (padding == Padding::padme) {
                    BOOST_TEST(deflated.size() == padme(deflated.size()));
                }
            }
    BOOST_TEST(deflate_all<ZlibDeflate>(OctetString(1000000, 'x'), Padding::none).size() < 2000U);
}

BOOST_AUTO_TEST_CASE(a_stream_is_never_shorter_than_asked) {
    const OctetString plain(1000, 'x');
    const std::size_t bare = deflate_all<ZlibDeflate>(plain, Padding::none).size();
    for (std::uint64_t least = 0; least < 3000; ++least) {
        const OctetString unpadded = deflate_all<ZlibDeflate>(plain, Padding::none, 100000, least);
        const bool long_enough = bare >= least;
        BOOST_TEST(unpadded.size() ==
                   (long_enough ? bare : std::max<std::uint64_t>(least, bare + 20)));
        const OctetString padded = deflate_all<ZlibDeflate>(plain, Padding::padme, 100000, least);
        BOOST_TEST(padded.size() == padme(std::max<std::uint64_t>(least, bare + 20)));
        BOOST_TEST((inflate_all(unpadded) == plain));
        BOOST_TEST((inflate_all(padded) == plain));
    }
}

BOOST_AUTO_TEST_SUITE_END()
