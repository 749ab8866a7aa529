#include "keyd/entry_cache.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

StoredEntry entry(const std::string& text) {
    StoredEntry made;
    made.text = text;
    made.state = KeyState::sealable;
    return made;
}

std::string text_of(EntryCache& cache, const std::string& name) {
    const auto* found = cache.find(name);
    if (found == nullptr) return "unknown";
    return *found ? (*found)->text : "absent";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_entry_cache)

BOOST_AUTO_TEST_CASE(keeps_what_is_there_and_what_is_not) {
    EntryCache cache{{}};
    BOOST_TEST(text_of(cache, "ann") == "unknown");
    cache.put("ann", entry("a"));
    cache.put("bob", std::nullopt);
    BOOST_TEST(text_of(cache, "ann") == "a");
    BOOST_TEST(text_of(cache, "bob") == "absent");
    cache.put("ann", std::nullopt);
    cache.put("bob", entry("b"));
    BOOST_TEST(text_of(cache, "ann") == "absent");
    BOOST_TEST(text_of(cache, "bob") == "b");
    cache.drop("ann");
    cache.drop("nobody");
    BOOST_TEST(text_of(cache, "ann") == "unknown");
    cache.clear();
    BOOST_TEST(text_of(cache, "bob") == "unknown");
}

BOOST_AUTO_TEST_CASE(what_was_of_use_longest_ago_goes_first) {
    EntryCache cache{{3000, 3000}};
    const std::string text(500, 'x');
    for (const char* name : {"a", "b", "c"}) cache.put(name, entry(text));
    BOOST_TEST(text_of(cache, "a") == text);  // of use just now
    cache.put("d", entry(text));
    BOOST_TEST(text_of(cache, "b") == "unknown");
    BOOST_TEST(text_of(cache, "a") == text);
    BOOST_TEST(text_of(cache, "d") == text);
}

BOOST_AUTO_TEST_CASE(made_up_names_push_out_no_key) {
    EntryCache cache{{3000, 3000}};
    cache.put("ann", entry("a"));
    for (int i = 0; i < 1000; ++i) cache.put("nobody" + std::to_string(i), std::nullopt);
    BOOST_TEST(text_of(cache, "ann") == "a");
    BOOST_TEST(text_of(cache, "nobody0") == "unknown");
    BOOST_TEST(text_of(cache, "nobody999") == "absent");
}

BOOST_AUTO_TEST_CASE(what_is_larger_than_the_bound_is_not_kept) {
    EntryCache cache{{1000, 1000}};
    cache.put("ann", entry("a"));
    cache.put("ann", entry(std::string(1001, 'x')));
    BOOST_TEST(text_of(cache, "ann") == "unknown");
}

BOOST_AUTO_TEST_SUITE_END()
