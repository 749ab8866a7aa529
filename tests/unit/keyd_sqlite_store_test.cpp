#include "keyd/sqlite_changes.hpp"
#include "keyd/sqlite_open.hpp"
#include "keyd/sqlite_schema.hpp"
#include "keyd/sqlite_store.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <filesystem>
#include <fstream>
#include <thread>

#include <boost/test/unit_test.hpp>
#include <sys/stat.h>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

/// A directory with an initialised store in it.
struct Fixture {
    TemporaryDirectory directory;
    const std::string path = directory / "keys.db";
    const std::string id = init_sqlite_store(path).value();

    std::unique_ptr<Store> open() { return std::move(open_sqlite_store(path).value()); }
    /// What somebody does to the file while keyd is away.
    void tamper(const std::string& sql) {
        auto connection = SqliteConnection::open(path, SQLITE_OPEN_READWRITE);
        BOOST_REQUIRE(connection);
        const auto done = connection->execute(sql);
        BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().what));
    }
    /// Of the names only ASCII letters were folded then.
    void put_back_to_second_schema() {
        tamper(
            "DROP TABLE former_names; ALTER TABLE addresses RENAME COLUMN name TO address;"
            "ALTER TABLE store DROP COLUMN folding; PRAGMA user_version = 2");
    }
    std::string refusal() {
        const auto opened = open_sqlite_store(path);
        return opened ? "" : opened.error().what;
    }
};

const Address ann = address("ann@sealed.test");
const Address bob = address("bob@sealed.test");

void bind(Store& store, const Address& who, std::vector<Certificate> certificates) {
    const auto version = store.binding(who).value().version;
    const Change change = binding_change(who, version, std::move(certificates));
    BOOST_REQUIRE((store.apply({&change, 1}).value() == Applied::done));
}

/// What the store knows of one entry; nothing when it knows none.
std::optional<StoredEntry> entry_of(EntrySource& source, const EntryName& name) {
    return source.find({&name, 1}).value().entries.at(0);
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != text.npos;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(keyd_sqlite_store, Fixture)

BOOST_AUTO_TEST_CASE(init_makes_a_private_store_at_revision_zero) {
    BOOST_TEST(id.size() == 32U);
    struct stat status;
    BOOST_REQUIRE(::stat(path.c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777) == 0600U);
    const auto stamp = open()->stamp().value();
    BOOST_TEST(stamp.id == id);
    BOOST_TEST(stamp.revision == 0);
    BOOST_TEST(stamp.log.sequence == 0);
    BOOST_TEST(init_sqlite_store(directory / "other.db").value() != id);
}

BOOST_AUTO_TEST_CASE(init_overwrites_nothing_and_leaves_nothing_behind) {
    BOOST_TEST(!init_sqlite_store(path));
    BOOST_TEST(open()->stamp().value().id == id);
    std::ofstream{directory / "left.db-wal"} << "of some other database";
    BOOST_TEST(!init_sqlite_store(directory / "left.db"));
    BOOST_TEST(!init_sqlite_store(directory / "missing/keys.db"));
    for (const auto& entry : std::filesystem::directory_iterator{directory / ""})
        BOOST_TEST(!has(entry.path(), ".new-"), entry.path());
}

BOOST_AUTO_TEST_CASE(a_store_of_the_first_schema_is_brought_up_to_date) {
    bind(*open(), ann, {certificate("one")});
    bind(*open(), bob, {certificate("bob")});
    put_back_to_second_schema();
    tamper(
        "DROP INDEX addresses_aliases; ALTER TABLE addresses DROP COLUMN targets;"
        "ALTER TABLE recognised DROP COLUMN lost;"
        "UPDATE addresses SET address = 'bob@b\xc3\xbc\x63her.test' WHERE address LIKE 'bob%';"
        "UPDATE addresses SET answer = '\"address\":\"...\"'; PRAGMA user_version = 1");
    const auto store = open();
    // What was compiled by older rules is compiled anew before it is believed.
    BOOST_TEST(entry_of(*store, ann)->valid_until == 0);
    BOOST_TEST(store->stale(1, 10).value().size() == 2U);
    BOOST_TEST(store->binding(ann).value().certificates.size() == 1U);
    BOOST_TEST(store->binding(address("bob@b\xc3\xbc\x63her.test")).value().version == 2);
    BOOST_TEST(store->stamp().value().revision == 2);
    BOOST_TEST(bool(store->verify_log()));
}

BOOST_AUTO_TEST_CASE(a_store_of_the_second_schema_is_brought_up_to_date) {
    bind(*open(), ann, {certificate("one")});
    bind(*open(), bob, {certificate("bob")});
    put_back_to_second_schema();
    tamper("UPDATE addresses SET address = 'J\u00dcRGEN@x.test' WHERE address LIKE 'bob%'");
    const auto store = open();
    BOOST_TEST(store->binding(ann).value().version == 1);
    BOOST_TEST(store->binding(address("j\u00fcrgen@x.test")).value().version == 2);
    BOOST_TEST(store->stamp().value().revision == 2);
    BOOST_TEST(bool(store->verify_log()));
}

BOOST_AUTO_TEST_CASE(a_migration_that_is_refused_leaves_the_old_store_as_it_is) {
    bind(*open(), ann, {certificate("one")});
    bind(*open(), bob, {certificate("bob")});
    put_back_to_second_schema();
    tamper(
        "UPDATE addresses SET address = 'strasse@x.test' WHERE address LIKE 'ann%';"
        "UPDATE addresses SET address = 'stra\u00dfe@x.test' WHERE address LIKE 'bob%'");
    BOOST_TEST(has(refusal(), "stra\u00dfe@x.test and strasse@x.test are one address"));
    // It is what the keyd of before takes it for.
    tamper(
        "DELETE FROM addresses WHERE address = 'stra\u00dfe@x.test';"
        "UPDATE store SET addresses = addresses - 1");
    BOOST_TEST(open()->binding(address("stra\u1e9ee@x.test")).value().version == 1);
}

BOOST_AUTO_TEST_CASE(refuses_what_is_no_store) {
    BOOST_TEST(has(open_sqlite_store(directory / "none.db").error().what, "does not exist"));
    BOOST_TEST(!std::filesystem::exists(directory / "none.db"));
    std::ofstream{directory / "empty.db"};
    BOOST_TEST(has(open_sqlite_store(directory / "empty.db").error().what, "never initialised"));
    std::ofstream{directory / "text.db"} << "hello";
    BOOST_TEST(has(open_sqlite_store(directory / "text.db").error().what, "not a store of keyd"));
    tamper("PRAGMA application_id = 7");
    BOOST_TEST(has(refusal(), "something else"));
}

BOOST_AUTO_TEST_CASE(refuses_a_newer_schema_and_leaves_it_alone) {
    tamper("PRAGMA user_version = " + std::to_string(sqlite_schema_version + 1));
    BOOST_TEST(has(refusal(), "schema"));
    tamper("PRAGMA user_version = " + std::to_string(sqlite_schema_version));
    BOOST_TEST(refusal() == "");
}

BOOST_AUTO_TEST_CASE(only_one_keyd_uses_a_store) {
    const auto store = open();
    BOOST_TEST(has(refusal(), "another keyd"));
}

BOOST_AUTO_TEST_CASE(damage_is_found_after_an_unclean_stop) {
    bind(*open(), ann, {certificate("one")});
    // A certificate without its address: no start after a clean stop looks for it.
    tamper("INSERT INTO certificates VALUES (99, 0, '{}', x'00')");
    BOOST_TEST(refusal() == "");
    tamper("UPDATE store SET clean = 0");
    BOOST_TEST(has(refusal(), "damaged"));
}

BOOST_AUTO_TEST_CASE(commits_are_durable_and_read_back_as_such) {
    auto opened = open_for_writing(path);
    BOOST_REQUIRE(opened);
    const auto& connection = opened->connection;
    BOOST_TEST(connection.value("PRAGMA journal_mode").value() == "wal");
    BOOST_TEST(connection.value("PRAGMA synchronous").value() == "2");  // FULL
    BOOST_TEST(connection.value("PRAGMA foreign_keys").value() == "1");
    BOOST_TEST(connection.value("PRAGMA busy_timeout").value() == "0");
    BOOST_TEST(connection.value("SELECT clean FROM store").value() == "0");
    const auto reader = open_for_reading(path, 64);
    BOOST_REQUIRE(reader);
    BOOST_TEST(!reader->execute("UPDATE store SET revision = 9"));
    BOOST_TEST(!connection.set_pragma("synchronous", "NORMAL", "2"));
}

BOOST_AUTO_TEST_CASE(lookups_go_on_while_a_writer_holds_its_transaction) {
    const auto store = open();
    bind(*store, ann, {certificate("one")});
    const auto reader = std::move(store->open_reader().value());
    const EntryName name{ann};
    auto writer = SqliteConnection::open(path, SQLITE_OPEN_READWRITE);
    const auto transaction = Transaction::begin(*writer);
    BOOST_REQUIRE(transaction);
    BOOST_REQUIRE(writer->execute("UPDATE store SET revision = 77"));
    BOOST_TEST(reader->find({&name, 1}).value().stamp.revision == 1);
}

BOOST_AUTO_TEST_SUITE_END()
