#include "keyd/compiled_answer.hpp"
#include "keyd/resolver.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <functional>
#include <map>

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

/// Entries in memory; `between` runs before every find().
struct FakeSource : EntrySource {
    std::map<EntryName, StoredEntry> entries;
    std::map<EntryName, Binding> bindings;
    StoreStamp stamp{std::string(32, 'a'), 7, {3, std::string(64, 'b')}};
    std::function<void()> between = [] {};
    int finds = 0;

    void bind(const std::string& name, std::vector<Certificate> certificates) {
        const EntryName entry = EntryName::parse(name).value();
        Binding binding{1, std::move(certificates), {}};
        remember_subkeys(binding);
        const auto answer = compile_answer(entry, binding, 1000, false);
        entries[entry] = {answer.text, answer.state, answer.valid_until, {}};
        bindings[entry] = std::move(binding);
    }
    void alias(const std::string& name, const std::string& target) {
        entries[address(name)] = {"", KeyState::tombstone, forever, {address(target)}};
    }
    Result<FoundEntries> find(std::span<const EntryName> names) override {
        ++finds;
        between();
        FoundEntries found{stamp, {}};
        for (const EntryName& name : names) {
            const auto entry = entries.find(name);
            found.entries.push_back(entry == entries.end() ? std::nullopt
                                                           : std::optional{entry->second});
        }
        return found;
    }
    Result<Binding> binding(const EntryName& name) override { return bindings[name]; }

    Resolved resolve(const std::string& who, std::int64_t now = 1000) {
        return maildircrypt::resolve(address(who), *this, {"+", false}, now).value();
    }
    std::string by(const std::string& who) {
        const auto resolved = resolve(who);
        return resolved.by ? resolved.by->text() : "nobody";
    }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(keyd_resolver, FakeSource)

BOOST_AUTO_TEST_CASE(the_most_specific_entry_answers) {
    BOOST_TEST(by("ann+x@sealed.test") == "nobody");
    bind("@sealed.test", {certificate("domain")});
    BOOST_TEST(by("ann+x@sealed.test") == "@sealed.test");
    bind("ann@sealed.test", {certificate("ann")});
    BOOST_TEST(by("ann+x@sealed.test") == "ann@sealed.test");
    bind("ann+x@sealed.test", {certificate("x")});
    BOOST_TEST(by("ann+x@sealed.test") == "ann+x@sealed.test");
    BOOST_TEST(by("ann+y+x@sealed.test") == "ann@sealed.test");
    BOOST_TEST(by("bob@sealed.test") == "@sealed.test");
    BOOST_TEST(by("ann@sub.sealed.test") == "nobody");
    BOOST_TEST(by("ann@other.test") == "nobody");
    BOOST_TEST(finds == 8);  // one snapshot each
}

BOOST_AUTO_TEST_CASE(a_tombstone_wins_over_what_is_less_specific) {
    bind("@sealed.test", {certificate("domain")});
    bind("ann@sealed.test", {});
    BOOST_TEST((resolve("ann@sealed.test").state == KeyState::tombstone));
    BOOST_TEST((resolve("ann+x@sealed.test").state == KeyState::tombstone));
    BOOST_TEST((resolve("bob@sealed.test").state == KeyState::sealable));
}

BOOST_AUTO_TEST_CASE(details_follow_the_configuration) {
    bind("ann@sealed.test", {certificate("ann")});
    bind("\"ann smith\"@sealed.test", {certificate("smith")});
    const auto with = [&](const char* separators, const std::string& who) {
        const auto resolved =
            maildircrypt::resolve(address(who), *this, {separators, false}, 1000).value();
        return resolved.by ? resolved.by->text() : "nobody";
    };
    BOOST_TEST(with("", "ann+x@sealed.test") == "nobody");
    BOOST_TEST(with("-", "ann+x@sealed.test") == "nobody");
    BOOST_TEST(with("-", "ann-x+y@sealed.test") == "ann@sealed.test");
    BOOST_TEST(with("+-", "ann+x-y@sealed.test") == "ann@sealed.test");
    BOOST_TEST(with("+", "\"Ann Smith+x\"@sealed.test") == "\"ann smith\"@sealed.test");
    BOOST_TEST(with("+", "\"ann+x y\"@sealed.test") == "ann@sealed.test");
    BOOST_TEST(with("+", "+x@sealed.test") == "nobody");
}

BOOST_AUTO_TEST_CASE(both_forms_of_a_domain_find_the_same_key) {
    bind("ann@b\u00fccher.test", {certificate("ann")});
    bind("@stra\u00dfe.test", {certificate("domain")});
    BOOST_TEST(by("ann@xn--bcher-kva.test") == "ann@xn--bcher-kva.test");
    BOOST_TEST(by("ANN+x@B\u00dcCHER.test") == "ann@xn--bcher-kva.test");
    BOOST_TEST(by("j\u00f6rg@xn--strae-oqa.test") == "@xn--strae-oqa.test");
    // The answer names the address as it was asked for, since clients compare.
    const Address asked = address("j\u00f6rg@stra\u00dfe.test");
    BOOST_TEST(bool(read_answer(render_answer(asked, resolve(asked.text())), asked)));
}

BOOST_AUTO_TEST_CASE(all_spellings_of_a_local_part_find_the_same_key) {
    bind("j\u00fcrgen@sealed.test", {certificate("ann")});
    for (const char* who : {"J\u00dcRGEN@sealed.test", "ju\u0308rgen+x@sealed.test",
                            "\"J\u00dcRGEN+x y\"@sealed.test"})
        BOOST_TEST(by(who) == "j\u00fcrgen@sealed.test", who);
    BOOST_TEST(by("jurgen@sealed.test") == "nobody");
    const Address asked = address("J\u00dcRGEN@sealed.test");
    const std::string answer = render_answer(asked, resolve(asked.text()));
    BOOST_TEST(bool(read_answer(answer, asked)));
    BOOST_TEST(!read_answer(answer, address("j\u00fcrgen@sealed.test")));
}

BOOST_AUTO_TEST_CASE(a_target_that_folding_made_long_is_followed) {
    std::string who;
    for (int i = 0; i < 16; ++i) who += "\U0001d160";  // three letters each when decomposed
    bind(who + "@sealed.test", {certificate("ann")});
    alias("all@sealed.test", who + "@sealed.test");
    BOOST_TEST((resolve("all@sealed.test").state == KeyState::sealable));
}

BOOST_AUTO_TEST_CASE(quotes_in_an_address_do_not_leave_its_json_text) {
    const Address asked = address("\"a\\\"b\\\\c\"@sealed.test");
    bind(asked.text(), {certificate("ann")});
    const auto answer = read_answer(render_answer(asked, resolve(asked.text())), asked);
    BOOST_REQUIRE(answer);
    BOOST_TEST((answer->keys.state == KeyState::sealable));
}

BOOST_AUTO_TEST_CASE(clients_read_every_answer) {
    bind("@sealed.test", {certificate("domain")});
    bind("gone@sealed.test", {});
    bind("recovery:sealed.test", {certificate("rescue")});
    alias("all@sealed.test", "anybody@sealed.test");
    for (const char* who :
         {"ann@sealed.test", "gone@sealed.test", "all@sealed.test", "nobody@other.test"}) {
        const auto resolved = resolve(who);
        const auto answer = read_answer(render_answer(address(who), resolved), address(who));
        BOOST_REQUIRE_MESSAGE(answer, who);
        BOOST_TEST((answer->keys.state == resolved.state), who);
        BOOST_TEST(answer->keys.plan.seal_to.size() ==
                   (resolved.state == KeyState::sealable ? 2U : 0U));
    }
}

BOOST_AUTO_TEST_CASE(what_the_clock_has_overtaken_is_compiled_anew) {
    bind("ann@sealed.test", {certificate("ann", 2000)});
    alias("all@sealed.test", "ann@sealed.test");
    for (const char* who : {"ann@sealed.test", "all@sealed.test"}) {
        BOOST_TEST((resolve(who, 1999).state == KeyState::sealable));
        BOOST_TEST((resolve(who, 2000).state == KeyState::expired));
    }
}

BOOST_AUTO_TEST_CASE(a_lookup_that_a_change_disturbs_begins_anew) {
    bind("ann@sealed.test", {certificate("ann")});
    alias("all@sealed.test", "ann@sealed.test");
    between = [this] {
        if (finds != 2) return;
        ++stamp.revision;
        bind("bob@sealed.test", {certificate("bob")});
        alias("all@sealed.test", "bob@sealed.test");
    };
    const auto resolved = resolve("all@sealed.test");
    BOOST_TEST(resolved.stamp.revision == 8);
    BOOST_TEST(
        (resolved.text.find(to_hex(encryption_key("bob").fingerprint)) != std::string::npos));
    BOOST_TEST(
        (resolved.text.find(to_hex(encryption_key("ann").fingerprint)) == std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_store_that_never_rests_is_no_answer) {
    bind("ann@sealed.test", {certificate("ann")});
    alias("all@sealed.test", "ann@sealed.test");
    between = [this] { ++stamp.revision; };
    const auto resolved = maildircrypt::resolve(address("all@sealed.test"), *this, {}, 1000);
    BOOST_REQUIRE(!resolved);
    BOOST_TEST((resolved.error().fate == Fate::retry));
    BOOST_TEST((resolve("ann@sealed.test").state == KeyState::sealable));  // one step
}

BOOST_AUTO_TEST_CASE(aliases_beyond_the_limits_are_no_answer) {
    std::string below = "ann@sealed.test";
    for (std::size_t i = 0; i <= max_alias_depth; ++i) {
        const std::string who = "alias" + std::to_string(i) + "@sealed.test";
        alias(who, below);
        below = who;
    }
    const auto resolved = maildircrypt::resolve(address(below), *this, {}, 1000);
    BOOST_REQUIRE(!resolved);
    BOOST_TEST((resolved.error().fate == Fate::retry));
}

BOOST_AUTO_TEST_SUITE_END()
