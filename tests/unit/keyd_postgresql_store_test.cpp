#include "keyd/encoding.hpp"
#include "keyd/key_log.hpp"
#include "keyd/postgresql_changes.hpp"
#include "keyd/postgresql_open.hpp"
#include "keyd/postgresql_schema.hpp"
#include "keyd/postgresql_store.hpp"
#include "keyd/store_option.hpp"
#include "tests/unit/support/keyd_data.hpp"
#include "tests/unit/support/test_store.hpp"

#include <thread>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

const auto servers = boost::unit_test::data::make(TestStore::shared_kinds());

const Address ann = address("ann@sealed.test");

std::string conninfo_of(const TestStore& store) {
    return store.option().substr(std::string_view{"postgresql:"}.size());
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

void run(TestStore& store, const std::string& sql) {
    const auto done = store.tamper(sql);
    BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().what));
}

/// Makes the store one of the first schema, empty.
void put_back_to_first_schema(TestStore& store) {
    run(store, "DROP SCHEMA maildircrypt CASCADE");
    run(store, postgresql_schema_1);
    run(store, "INSERT INTO store VALUES (true, 1, '" + store.id() + "', 0, 0, 0, '" +
                   hex_text(genesis_hash(store.id()).value()) + "')");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_postgresql_store)

BOOST_DATA_TEST_CASE(init_makes_a_store_once_and_nothing_else_does, servers) {
    const auto world = TestStore::make(sample);
    const auto again = init_store(world->option());
    BOOST_REQUIRE(!again);
    BOOST_TEST((again.error().fate == Fate::refuse));
    BOOST_TEST(has(again.error().what, "nothing was changed"));
    BOOST_TEST(world->open()->stamp().value().id == world->id());
    run(*world, "DROP SCHEMA maildircrypt CASCADE");
    BOOST_TEST(has(world->refusal(), "keyd init"));
    BOOST_REQUIRE(init_store(world->option()));
    BOOST_TEST(world->open()->stamp().value().id != world->id());
}

/// As a keyd with another library beside this one does it.
BOOST_DATA_TEST_CASE(names_that_were_renamed_meanwhile_are_not_taken_for_unknown, servers) {
    const auto world = TestStore::make(sample);
    const auto store = world->open();
    const EntryName name = address("j\u00fcrgen@sealed.test");
    BOOST_REQUIRE(bool(store->find({&name, 1})));
    run(*world, "UPDATE store SET folding = 'others'");
    const auto found = store->find({&name, 1});
    BOOST_REQUIRE(!found);
    BOOST_TEST((found.error().fate == Fate::retry));
    BOOST_TEST(has(found.error().what, "rules of folding"));
    const EntryName plain = ann;
    BOOST_TEST(bool(store->find({&plain, 1})));         // folded alike by all
    BOOST_TEST(bool(world->open()->find({&name, 1})));  // brings the names back under its own
}

BOOST_DATA_TEST_CASE(a_uri_names_the_same_store, servers) {
    const auto world = TestStore::make(sample);
    const std::string host = world->option().substr(world->option().find("host=") + 5);
    std::string path = host.substr(0, host.find(' '));
    std::string encoded;
    for (const char c : path) encoded += c == '/' ? std::string{"%2F"} : std::string{c};
    const std::string user = host.substr(host.find("user=") + 5);
    const std::string name = host.substr(host.find("dbname=") + 7);
    const auto opened =
        open_store("postgresql://" + user.substr(0, user.find(' ')) + "@" + encoded + "/" + name);
    BOOST_REQUIRE_MESSAGE(opened, (opened ? "" : opened.error().what));
    BOOST_TEST(opened.value()->stamp().value().id == world->id());
}

BOOST_DATA_TEST_CASE(of_several_hosts_the_first_that_answers_is_taken, servers) {
    const auto world = TestStore::make(sample);
    std::string several = world->option();
    several.replace(several.find("host="), 5, "host=/nonexistent,");
    BOOST_TEST(bool(open_store(several)));
}

BOOST_DATA_TEST_CASE(changes_of_several_keyd_make_one_chain, servers) {
    const auto world = TestStore::make(sample);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&world, t] {
            const auto store = world->open();  // a keyd of its own
            for (int i = 0; i < 10; ++i) {
                const auto who = address("u" + std::to_string(t * 10 + i) + "@x.test");
                const Change change = binding_change(who, 0, {certificate(who.text())});
                if (store->apply({&change, 1}).value() != Applied::done) std::abort();
            }
        });
    threads.clear();
    const auto store = world->open();
    BOOST_TEST(store->stamp().value().revision == 40);
    BOOST_TEST(store->verify_log().value().sequence == 40);
}

BOOST_DATA_TEST_CASE(of_two_keyd_that_change_one_address_one_has_to_look_again, servers) {
    const auto world = TestStore::make(sample);
    const auto one = world->open();
    const auto other = world->open();
    const Change first = binding_change(ann, 0, {certificate("one")});
    const Change late = binding_change(ann, 0, {certificate("two")});
    BOOST_TEST((one->apply({&first, 1}).value() == Applied::done));
    BOOST_TEST((other->apply({&late, 1}).value() == Applied::conflict));
    BOOST_TEST(other->binding(ann).value().version == 1);
}

BOOST_DATA_TEST_CASE(an_older_schema_is_brought_up_to_date_by_one_of_several_keyd, servers) {
    const auto world = TestStore::make(sample);
    put_back_to_first_schema(*world);
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&world] {
            if (world->refusal() != "") std::abort();
        });
    threads.clear();
    const auto store = world->open();
    Change change = binding_change(ann, 0, {certificate("one")});
    change.bound->lost = {encryption_key("one").fingerprint};
    BOOST_TEST((store->apply({&change, 1}).value() == Applied::done));
    BOOST_TEST(store->binding(ann).value().lost.size() == 1U);
}

/// In a rolling upgrade it would look for a name that is another one now, and find none.
BOOST_DATA_TEST_CASE(a_keyd_of_before_finds_nothing_rather_than_no_entry, servers) {
    const auto world = TestStore::make(sample);
    put_back_to_first_schema(*world);
    run(*world, postgresql_schema_2);
    auto connection = PostgresqlConnection::open(conninfo_of(*world), {});
    BOOST_REQUIRE(connection);
    const std::string lookup =
        "SELECT s.id, a.address FROM store s LEFT JOIN addresses a ON a.address IN ($1)";
    const auto ask = [&] {
        return bool(connection->run_prepared(lookup, SqlValues{}.add("ann@sealed.test")));
    };
    BOOST_TEST(ask());
    run(*world, "UPDATE store SET schema_version = 2");
    BOOST_TEST(world->refusal() == "");
    BOOST_TEST(!ask());
}

BOOST_DATA_TEST_CASE(a_newer_schema_is_refused_and_left_alone, servers) {
    const auto world = TestStore::make(sample);
    run(*world, "UPDATE store SET schema_version = schema_version + 1");
    BOOST_TEST(has(world->refusal(), "a newer one"));
    run(*world, "UPDATE store SET schema_version = schema_version - 1");
    BOOST_TEST(world->refusal() == "");
}

BOOST_DATA_TEST_CASE(a_migration_that_fails_changes_nothing, servers) {
    const auto world = TestStore::make(sample);
    put_back_to_first_schema(*world);
    // What the migration wants to make is there already, as something else.
    run(*world, "CREATE TABLE addresses_aliases (x INT)");
    BOOST_TEST(has(world->refusal(), "migrate"));
    run(*world, "DROP TABLE addresses_aliases");
    BOOST_TEST(world->refusal() == "");
}

BOOST_DATA_TEST_CASE(nobody_empties_a_store_by_mistake, servers) {
    const auto world = TestStore::make(sample);
    for (const char* sql : {"TRUNCATE addresses CASCADE", "TRUNCATE key_log CASCADE"})
        BOOST_TEST(!world->tamper(sql), sql);
}

BOOST_DATA_TEST_CASE(a_commit_is_durable_whatever_the_database_says, servers) {
    const auto world = TestStore::make(sample);
    run(*world,
        "DO $$BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || "
        "' SET synchronous_commit = off'; END$$");
    auto connection = PostgresqlConnection::open(conninfo_of(*world), {});
    BOOST_REQUIRE(connection);
    const auto setting = connection->query("test", "SHOW synchronous_commit");
    BOOST_REQUIRE(setting);
    BOOST_TEST(setting->text(0, 0) == "on");
}

BOOST_DATA_TEST_CASE(a_lost_connection_is_made_anew, servers) {
    const auto world = TestStore::make(sample);
    const auto store = world->open();
    BOOST_TEST(store->stamp().value().revision == 0);
    BOOST_REQUIRE(world->cut_off(true));
    BOOST_TEST(!store->stamp());
    BOOST_REQUIRE(world->cut_off(false));
    const Change change = binding_change(ann, 0, {certificate("one")});
    BOOST_TEST((store->apply({&change, 1}).value() == Applied::done));
}

BOOST_DATA_TEST_CASE(a_statement_ends_at_its_deadline, servers) {
    const auto world = TestStore::make(sample);
    auto connection = PostgresqlConnection::open(
        conninfo_of(*world), {std::chrono::seconds{30}, std::chrono::milliseconds{200}});
    BOOST_REQUIRE(connection);
    BOOST_TEST(!connection->query("test", "SELECT pg_sleep(600)"));
}

BOOST_DATA_TEST_CASE(another_history_is_no_continuation, servers) {
    const auto world = TestStore::make(sample);
    const auto store = world->open();
    for (const char* name : {"a@x.test", "b@x.test"}) {
        const Change change = binding_change(address(name), 0, {certificate(name)});
        BOOST_TEST((store->apply({&change, 1}).value() == Applied::done));
    }
    const StoreStamp stamp = store->stamp().value();
    const auto again = [&](const StoreStamp& known) {
        return open_again(conninfo_of(*world), {}, known);
    };
    BOOST_TEST(bool(again(stamp)));
    for (int wrong = 0; wrong < 4; ++wrong) {
        StoreStamp known = stamp;
        if (wrong == 0) known.id = std::string(store_id_length, '0');
        if (wrong == 1) ++known.revision;
        if (wrong == 2) ++known.log.sequence;
        // Both have grown since; what was the head once is no row of this log.
        if (wrong == 3) known = {stamp.id, 1, {1, std::string(log_head_length, '0')}};
        const auto opened = again(known);
        BOOST_REQUIRE(!opened);
        BOOST_TEST((opened.error().fate == Fate::refuse), wrong);
    }
}

BOOST_DATA_TEST_CASE(which_entries_changed_is_remembered_for_a_while, servers) {
    const auto world = TestStore::make(sample);
    const auto store = world->open();
    for (const char* name : {"a@x.test", "b@x.test", "c@x.test"}) {
        const Change change = binding_change(address(name), 0, {certificate(name)});
        BOOST_TEST((store->apply({&change, 1}).value() == Applied::done));
    }
    auto connection = PostgresqlConnection::open(conninfo_of(*world), {});
    BOOST_REQUIRE(connection);
    auto changed = read_changed(*connection, 1, 3).value();
    BOOST_REQUIRE(changed.has_value());
    std::sort(changed->begin(), changed->end());
    BOOST_TEST((*changed == std::vector<std::string>{"b@x.test", "c@x.test"}));
    run(*world, "DELETE FROM changed WHERE revision = 2");
    BOOST_TEST(!read_changed(*connection, 1, 3).value().has_value());
    BOOST_TEST(!read_changed(*connection, 3, 4 + remembered_changes).value().has_value());
}

BOOST_DATA_TEST_CASE(an_erased_name_stands_nowhere_any_more, servers) {
    const auto world = TestStore::make(sample);
    const auto store = world->open();
    const Change change = binding_change(ann, 0, {certificate("one")});
    BOOST_TEST((store->apply({&change, 1}).value() == Applied::done));
    const Change release{ann, 1, "root", 2000, std::nullopt};
    BOOST_TEST((store->apply({&release, 1}).value() == Applied::done));
    BOOST_TEST(store->erase_openings(ann).value() == 2);
    auto connection = PostgresqlConnection::open(conninfo_of(*world), {});
    BOOST_REQUIRE(connection);
    for (const char* table : {"addresses", "changed", "key_log_openings"}) {
        const auto rows = connection->query("test", std::string{"SELECT count(*) FROM "} + table +
                                                        " t WHERE t::text LIKE '%ann@%'");
        BOOST_REQUIRE(rows);
        BOOST_TEST(rows->integer(0, 0) == 0, table);
    }
    BOOST_TEST(!read_changed(*connection, 0, 2).value().has_value());
    BOOST_TEST(bool(store->verify_log()));
}

BOOST_AUTO_TEST_SUITE_END()
