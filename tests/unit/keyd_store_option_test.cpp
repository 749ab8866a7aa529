#include "keyd/store_option.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

BOOST_AUTO_TEST_SUITE(keyd_store_option)

BOOST_AUTO_TEST_CASE(what_names_no_store_is_refused_without_being_repeated) {
    for (const char* option : {"", "sqlite:", "postgresql:", "mysql:host=secret", "secret",
                               "postgres:dbname=secret", "SQLITE:secret"}) {
        const auto opened = open_store(option);
        BOOST_REQUIRE(!opened);
        BOOST_TEST((opened.error().fate == Fate::refuse), option);
        BOOST_TEST(opened.error().what.find("sqlite:PATH") != std::string::npos);
        BOOST_TEST(opened.error().what.find("secret") == std::string::npos);
        BOOST_TEST(!init_store(option));
    }
}

BOOST_AUTO_TEST_CASE(a_conninfo_that_is_none_is_refused_without_its_password) {
    for (const char* option : {"postgresql:dbname", "postgresql:frobnicate=secret",
                               "postgresql://u:secret@h:x:y/db?z", "postgresql:password='secret"}) {
        const auto opened = open_store(option);
        BOOST_REQUIRE(!opened);
        BOOST_TEST((opened.error().fate == Fate::refuse), option);
        BOOST_TEST(opened.error().what.find("secret") == std::string::npos, opened.error().what);
    }
}

BOOST_AUTO_TEST_CASE(a_server_that_is_not_there_may_come) {
    const auto opened = open_store("postgresql:host=/nonexistent dbname=keys password=secret");
    BOOST_REQUIRE(!opened);
    BOOST_TEST((opened.error().fate == Fate::retry));
    BOOST_TEST(opened.error().what.find("secret") == std::string::npos, opened.error().what);
}

BOOST_AUTO_TEST_SUITE_END()
