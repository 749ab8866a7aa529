#include "milter/sealed_store.hpp"
#include "seal/clear_passage.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

struct Arrangement {
    SpillBudget budget{1024 * 1024, "/tmp"};
    Admissions admissions{10, 1000};
    Admissions::Ticket ticket = std::move(*admissions.admit());
};

/// A header of `size` octets.
OuterHeader header_of(std::size_t size) {
    OuterHeader header;
    header.fields.push_back({std::nullopt, false, "X", std::string(size, 'x')});
    return header;
}

/// Only seal/ makes text that a store takes; this is the shortest way to some.
Result<void> write(MessageOutput& store, const std::string& text) {
    struct BodyOnly : MessageOutput {
        explicit BodyOnly(MessageOutput& output) : output_(output) {}
        Result<void> header(const OuterHeader&) override { return {}; }
        Result<void> body(Deliverable piece) override {
            return piece.text().empty() ? Result<void>{} : output_.body(piece);
        }
        MessageOutput& output_;
    } body_only{store};
    ClearPassage passage{"host", "test", LineEnd::crlf, body_only};
    auto written = passage.write("\r\n");
    if (written) written = passage.write(text);
    return written;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(milter_sealed_store)

BOOST_AUTO_TEST_CASE(the_limit_is_for_header_and_body_together) {
    for (const std::size_t limit : {99U, 100U, 0U}) {
        Arrangement world;
        SealedStore store{world.budget, world.ticket, limit};
        BOOST_REQUIRE(store.header(header_of(40)));
        BOOST_TEST((store.state() == SealedStore::State::complete));
        BOOST_REQUIRE(write(store, std::string(60, 'b')));
        BOOST_TEST(store.size() == 100U);
        const bool fits = limit != 99;
        BOOST_TEST((store.state() == SealedStore::State::complete) == fits);
        if (fits) BOOST_TEST(store.sealed_body().size() == 60U);
        if (!fits) BOOST_TEST((store.state() == SealedStore::State::too_large));
    }
}

BOOST_AUTO_TEST_CASE(all_messages_together_keep_no_more_than_allowed) {
    Arrangement world;
    auto other = world.admissions.admit();
    BOOST_REQUIRE(other->take(900));
    SealedStore store{world.budget, world.ticket, 0};
    BOOST_REQUIRE(write(store, std::string(100, 'b')));
    BOOST_TEST((store.state() == SealedStore::State::complete));
    BOOST_REQUIRE(write(store, "b"));
    BOOST_TEST((store.state() == SealedStore::State::too_much));
    BOOST_TEST(store.size() == 101U);
}

BOOST_AUTO_TEST_CASE(what_is_beyond_a_limit_costs_no_memory_and_stays_beyond) {
    SpillBudget budget{64 * 1024, "/nonexistent"};
    Admissions admissions{1, 1000};
    auto ticket = admissions.admit();
    SealedStore store{budget, *ticket, 10};
    BOOST_REQUIRE(write(store, "0123456789"));
    BOOST_REQUIRE(write(store, "more"));
    BOOST_TEST((store.state() == SealedStore::State::too_large));
    Spill other{budget};
    BOOST_TEST(bool(other.write("x")));
    BOOST_REQUIRE(write(store, std::string(100'000, 'b')));
    BOOST_TEST((store.state() == SealedStore::State::too_large));
}

BOOST_AUTO_TEST_CASE(what_postfix_needs_beside_the_message_is_counted) {
    BOOST_TEST(queued_size(1000, 0, 0, 0) >= 2000U);
    BOOST_TEST(queued_size(1000, 300, 2890, 1) >= 1000U + 6209U);  // measured
    BOOST_TEST(queued_size(1000, 6, 5200, 1) >= 1000U + 6105U);
    BOOST_TEST(queued_size(1000, 6, 5200, 1) < 10'000U);
}

BOOST_AUTO_TEST_CASE(the_least_size_of_a_sealed_message_is_base64_with_line_ends) {
    BOOST_TEST(least_sealed_size(0, false) == 0U);
    BOOST_TEST(least_sealed_size(1, false) == 4U);
    BOOST_TEST(least_sealed_size(57, false) == 78U);
    BOOST_TEST(least_sealed_size(57'000, false) == 78'000U);
    BOOST_TEST(least_sealed_size(57'000, true) == 57'000U);
    BOOST_TEST(least_sealed_size(~std::size_t{0}, false) == ~std::size_t{0});
}

BOOST_AUTO_TEST_SUITE_END()
