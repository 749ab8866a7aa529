#include "keyd/postgresql_reader.hpp"
#include "keyd/store_option.hpp"
#include "tests/unit/support/keyd_data.hpp"
#include "tests/unit/support/test_store.hpp"

#include <functional>
#include <thread>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

// Not anonymous: lambdas inside the templates of data tests capture these types.
namespace postgresql_reader_test {

const auto servers = boost::unit_test::data::make(TestStore::shared_kinds());

const Address ann = address("ann@sealed.test");
const Address bob = address("bob@sealed.test");

/// A keyd, and beside it another one on the same database.
struct Two {
    explicit Two(const std::string& kind, StoreSettings settings = {})
        : world(TestStore::make(kind)),
          store(std::move(open_store(world->option(), settings).value())),
          other(world->open()),
          reader(std::move(store->open_reader().value())) {}

    void bind(const Address& who, const std::string& seed) const {
        const auto version = other->binding(who).value().version;
        const Change change = binding_change(who, version, {certificate(seed)});
        BOOST_REQUIRE((other->apply({&change, 1}).value() == Applied::done));
    }
    void run(const std::string& sql) const {
        const auto done = world->tamper(sql);
        BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().what));
    }
    /// "known", "unknown", or "error" with its text.
    std::string ask(std::vector<EntryName> names) const {
        const auto found = reader->find(names);
        if (!found) return "error " + found.error().what;
        for (const auto& entry : found->entries)
            if (entry) return "known";
        return "unknown";
    }
    std::string text_of(const Address& who) const {
        const EntryName name = who;
        const auto found = reader->find({&name, 1});
        return found && found->entries[0] ? found->entries[0]->text : "";
    }

    std::unique_ptr<TestStore> world;
    std::unique_ptr<Store> store;
    std::unique_ptr<Store> other;
    std::unique_ptr<StoreReader> reader;
};

void wait_until(const std::string& what, const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!condition()) {
        BOOST_REQUIRE_MESSAGE(std::chrono::steady_clock::now() < end, "not in time: " << what);
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
}

void await(const Two& two, const std::vector<EntryName>& names, const std::string& answer) {
    wait_until(answer, [&] { return two.ask(names).starts_with(answer); });
}

}  // namespace postgresql_reader_test

using namespace postgresql_reader_test;

BOOST_AUTO_TEST_SUITE(keyd_postgresql_reader)

BOOST_DATA_TEST_CASE(what_another_keyd_changes_is_seen, servers) {
    const Two two{sample};
    await(two, {ann}, "unknown");
    two.bind(ann, "one");
    await(two, {ann}, "known");
    const std::string before = two.text_of(ann);
    two.bind(ann, "two");
    wait_until("the new key", [&] { return two.text_of(ann) != before; });
    const Change release{ann, two.other->binding(ann).value().version, "root", 2000, {}};
    BOOST_REQUIRE((two.other->apply({&release, 1}).value() == Applied::done));
    await(two, {ann}, "unknown");
}

BOOST_DATA_TEST_CASE(stamps_never_go_back, servers) {
    const Two two{sample};
    await(two, {ann}, "unknown");
    std::int64_t newest = 0;
    for (int i = 0; i < 40; ++i) {
        two.bind(i % 2 == 0 ? ann : bob, std::to_string(i));
        for (const Address& who : {ann, bob, address("eve@sealed.test")}) {
            const EntryName name = who;
            const auto found = two.reader->find({&name, 1});
            BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().what));
            BOOST_TEST(found->stamp.revision >= newest);
            newest = found->stamp.revision;
        }
    }
}

BOOST_DATA_TEST_CASE(without_the_database_only_what_is_known_is_answered, servers) {
    const Two two{sample};
    two.bind(ann, "one");
    two.bind(bob, "two");
    const auto domain = EntryName::whole_domain("sealed.test");
    const auto recovery = EntryName::recovery("sealed.test");
    await(two, {ann, domain, recovery}, "known");
    BOOST_REQUIRE(two.world->cut_off(true));
    BOOST_TEST(two.ask({ann, domain, recovery}) == "known");
    // Never "no key", neither for who has one nor for who has none.
    BOOST_TEST(two.ask({bob, domain, recovery}).starts_with("error"));
    BOOST_TEST(two.ask({address("eve@sealed.test"), domain, recovery}).starts_with("error"));
    // What is known to be absent is no answer by itself.
    BOOST_TEST(two.ask({domain}).starts_with("error"));
    BOOST_REQUIRE(two.world->cut_off(false));
    await(two, {bob, domain, recovery}, "known");
    await(two, {address("eve@sealed.test"), domain, recovery}, "unknown");
}

BOOST_DATA_TEST_CASE(a_recovery_certificate_alone_is_no_key, servers) {
    const Two two{sample};
    const auto recovery = EntryName::recovery("sealed.test");
    Change change = binding_change(ann, 0, {certificate("recovery")});
    change.name = recovery;
    BOOST_REQUIRE((two.other->apply({&change, 1}).value() == Applied::done));
    await(two, {ann, recovery}, "known");
    BOOST_REQUIRE(two.world->cut_off(true));
    BOOST_TEST(two.ask({ann, recovery}).starts_with("error"));
}

BOOST_DATA_TEST_CASE(memory_is_bounded_in_time, servers) {
    StoreSettings none;
    none.stale_answers = std::chrono::seconds{0};
    StoreSettings second;
    second.stale_answers = std::chrono::seconds{1};
    for (const StoreSettings& settings : {none, second}) {
        const Two two{sample, settings};
        two.bind(ann, "one");
        await(two, {ann}, "known");
        BOOST_REQUIRE(two.world->cut_off(true));
        await(two, {ann}, "error");
        BOOST_REQUIRE(two.world->cut_off(false));
        await(two, {ann}, "known");
    }
}

BOOST_DATA_TEST_CASE(what_changed_is_not_answered_from_memory, servers) {
    const Two two{sample};
    two.bind(ann, "one");
    two.bind(bob, "bob");
    await(two, {ann}, "known");
    await(two, {bob}, "known");
    const std::int64_t before = two.store->stamp().value().revision;
    two.bind(ann, "two");
    // Whoever asks for somebody else sees the newer revision, and forgets ann for it.
    wait_until("the newer revision", [&] {
        const EntryName name = bob;
        const auto found = two.reader->find({&name, 1});
        return found && found->stamp.revision > before;
    });
    BOOST_REQUIRE(two.world->cut_off(true));
    BOOST_TEST(two.ask({bob}) == "known");
    BOOST_TEST(two.ask({ann}).starts_with("error"));
}

BOOST_DATA_TEST_CASE(an_older_or_another_store_is_not_believed_until_the_right_one_is_back,
                     servers) {
    const Two two{sample};
    two.bind(ann, "one");
    two.bind(bob, "two");
    await(two, {ann}, "known");
    await(two, {bob}, "known");
    two.run("UPDATE store SET revision = revision - 1");
    await(two, {ann}, "error");
    BOOST_TEST(two.ask({address("eve@sealed.test")}).starts_with("error"));
    two.run("UPDATE store SET revision = revision + 1");
    await(two, {ann}, "known");
    const std::string id(store_id_length, '0');
    two.run("UPDATE store SET id = '" + id + "'");
    await(two, {ann}, "error");
    BOOST_TEST(!two.store->stamp());
    two.run("UPDATE store SET id = '" + two.world->id() + "'");
    await(two, {ann}, "known");
    await(two, {address("eve@sealed.test")}, "unknown");
}

BOOST_DATA_TEST_CASE(what_no_text_can_hold_is_unknown_and_does_no_harm, servers) {
    const Two two{sample};
    await(two, {address("\"\xff\xfe\"@sealed.test")}, "unknown");
    BOOST_TEST(two.ask({ann}) == "unknown");
}

BOOST_AUTO_TEST_SUITE_END()
