#include "keyd/witness.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <fstream>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

const std::string id(32, 'a');
const std::string other_id(32, 'b');

struct Fixture {
    Witness open() const { return std::move(Witness::open(path).value()); }
    std::string refusal(const StoreStamp& stamp) const {
        const auto checked = open().check(stamp);
        return checked ? "" : checked.error().what;
    }
    void write(const std::string& text) const { std::ofstream{path} << text; }

    TemporaryDirectory directory;
    std::string path = directory / "witness";
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(keyd_witness, Fixture)

BOOST_AUTO_TEST_CASE(a_new_witness_believes_any_store) {
    BOOST_TEST(refusal({id, 7, {}}) == "");
}

BOOST_AUTO_TEST_CASE(the_same_store_may_go_forward_and_never_back) {
    BOOST_REQUIRE(open().note({id, 7, {}}));
    BOOST_TEST(refusal({id, 7, {}}) == "");
    BOOST_TEST(refusal({id, 8, {}}) == "");
    const auto why = refusal({id, 6, {}});
    BOOST_TEST(why.find("revision 6") != std::string::npos);
    BOOST_TEST(why.find("older copy") != std::string::npos);
    BOOST_TEST(why.find("remove " + path) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(another_store_is_refused) {
    BOOST_REQUIRE(open().note({id, 7, {}}));
    BOOST_TEST(refusal({other_id, 100, {}}).find(other_id) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(notes_go_forward_only) {
    auto witness = open();
    for (const std::int64_t revision :
         {INT64_C(1), INT64_C(99), INT64_C(100), INT64_C(50), INT64_MAX})
        BOOST_REQUIRE(witness.note({id, revision, {}}));
    BOOST_TEST(refusal({id, INT64_MAX, {}}) == "");
    BOOST_TEST(refusal({id, INT64_MAX - 1, {}}) != "");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_none_of_ours_is_left_alone) {
    for (const std::string text :
         {"x", "root:x:0:0:root:/root:/bin/bash\nbin:x:1:1:bin:/bin:/sbin/nologin\n"}) {
        write(text);
        const auto opened = Witness::open(path);
        BOOST_REQUIRE(!opened);
        BOOST_TEST((opened.error().fate == Fate::refuse));
        std::ifstream file{path};
        BOOST_TEST(std::string(std::istreambuf_iterator<char>{file}, {}) == text);
    }
    BOOST_TEST(!Witness::open(directory / "none/witness"));
}

BOOST_AUTO_TEST_SUITE_END()
