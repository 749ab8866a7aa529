#include "milter/marks.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

BOOST_AUTO_TEST_SUITE(milter_marks)

BOOST_AUTO_TEST_CASE(forged_marks_go_and_ours_comes_first) {
    const std::vector<std::string> names{"From", "maildircrypt-PROVENANCE", "To",
                                         "Maildircrypt-Provenance"};
    const auto marked = marked_header(names, "Maildircrypt-Provenance: clear");
    BOOST_TEST(marked.original_fields == 4U);
    BOOST_REQUIRE(marked.fields.size() == 3U);
    BOOST_TEST(!marked.fields[0].original.has_value());
    BOOST_TEST(marked.fields[0].text == "Maildircrypt-Provenance: clear");
    BOOST_TEST(*marked.fields[1].original == 0U);
    BOOST_TEST(*marked.fields[2].original == 2U);
    const auto unmarked = marked_header(names, std::nullopt);
    BOOST_REQUIRE(unmarked.fields.size() == 2U);
    BOOST_TEST(*unmarked.fields[0].original == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
