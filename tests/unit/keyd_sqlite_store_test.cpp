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

void release(Store& store, const Address& who) {
    const Change change{who, store.binding(who).value().version, "root", 2000, std::nullopt};
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

BOOST_AUTO_TEST_CASE(what_was_stored_is_there_after_reopening) {
    bind(*open(), ann, {certificate("one"), certificate("two", 5000)});
    const auto store = open();
    const Binding binding = store->binding(ann).value();
    BOOST_REQUIRE(binding.certificates.size() == 2U);
    BOOST_TEST((binding.certificates[0].binary == certificate("one").binary));
    BOOST_TEST((binding.certificates[1].fingerprint == certificate("two").fingerprint));
    BOOST_TEST(binding.certificates[1].expires == 5000);
    BOOST_TEST(
        (binding.certificates[0].encryption_keys[0].key.packet == encryption_key("one").packet));
    BOOST_TEST(binding.recognise.size() == 2U);
    const auto reader = std::move(store->open_reader().value());
    const EntryName name{ann};
    const StoreStamp stamp = reader->find({&name, 1}).value().stamp;
    BOOST_TEST(stamp.id == id);
    BOOST_TEST(stamp.revision == 1);
    const auto entry = entry_of(*reader, ann);
    BOOST_REQUIRE(entry);
    BOOST_TEST(entry->valid_until == 5000);
    BOOST_TEST(has(entry->text, to_hex(encryption_key("two").fingerprint)));
}

BOOST_AUTO_TEST_CASE(every_change_raises_the_revision_and_extends_the_log) {
    const auto store = open();
    const auto before = store->stamp().value();
    bind(*store, ann, {certificate("one")});
    const auto bound = store->stamp().value();
    release(*store, ann);
    const auto released = store->stamp().value();
    BOOST_TEST(bound.revision == before.revision + 1);
    BOOST_TEST(released.revision == bound.revision + 1);
    BOOST_TEST(released.log.sequence == 2);
    BOOST_TEST(released.log.head != bound.log.head);
    const auto log = store->log(0, 10, std::nullopt).value();
    BOOST_REQUIRE(log.size() == 2U);
    BOOST_TEST(log[0].action == "seal");
    BOOST_TEST(log[0].keys.value() == to_hex(encryption_key("one").fingerprint));
    BOOST_TEST(log[1].action == "release");
    BOOST_TEST(log[1].hash == released.log.head);
    BOOST_TEST(store->verify_log().value().head == released.log.head);
}

BOOST_AUTO_TEST_CASE(a_tombstone_stays_until_it_is_released) {
    const auto store = open();
    const auto reader = std::move(store->open_reader().value());
    BOOST_TEST(!entry_of(*reader, ann));
    bind(*store, ann, {certificate("one")});
    bind(*store, ann, {});
    const auto entry = entry_of(*reader, ann);
    BOOST_REQUIRE(entry);
    BOOST_TEST((entry->state == KeyState::tombstone));
    BOOST_TEST(has(entry->text, "\"tombstone\""));
    BOOST_TEST(store->binding(ann).value().recognise.size() == 1U);  // mail sealed to the old key
    release(*store, ann);
    BOOST_TEST(!entry_of(*reader, ann));
    BOOST_TEST(store->binding(ann).value().recognise.empty());
}

BOOST_AUTO_TEST_CASE(a_change_to_something_that_changed_meanwhile_is_a_conflict) {
    const auto store = open();
    bind(*store, ann, {certificate("one")});
    const Change late = binding_change(ann, 0, {certificate("two")});
    BOOST_TEST((store->apply({&late, 1}).value() == Applied::conflict));
    BOOST_TEST(store->stamp().value().revision == 1);
    // All or nothing: bob is not bound either.
    const std::vector<Change> both{binding_change(bob, 0, {certificate("bob")}), late};
    BOOST_TEST((store->apply(both).value() == Applied::conflict));
    BOOST_TEST(store->binding(bob).value().version == 0);
    BOOST_TEST(bool(store->verify_log()));
}

BOOST_AUTO_TEST_CASE(stale_answers_are_found_and_refreshed_without_a_new_revision) {
    const auto store = open();
    bind(*store, ann, {certificate("one", 5000)});
    bind(*store, bob, {certificate("bob")});
    BOOST_TEST(store->stale(4999, 10).value().empty());
    BOOST_REQUIRE(store->stale(5000, 10).value() == std::vector<EntryName>{ann});
    const Binding binding = store->binding(ann).value();
    BOOST_REQUIRE(store->refresh(ann, binding.version, compile_answer(ann, binding, 5000, false)));
    BOOST_TEST(store->stale(5000, 10).value().empty());
    BOOST_TEST(store->stamp().value().revision == 2);
    const auto reader = std::move(store->open_reader().value());
    BOOST_TEST(has(entry_of(*reader, ann)->text, "\"expired\""));
    // An answer that was compiled from an older version is not put in place.
    BOOST_REQUIRE(store->refresh(ann, binding.version - 1, CompiledAnswer{}));
    BOOST_TEST(has(entry_of(*reader, ann)->text, "\"expired\""));
}

BOOST_AUTO_TEST_CASE(lists_page_by_page) {
    const auto store = open();
    for (const char* name : {"c@x.test", "a@x.test", "b@x.test"})
        bind(*store, address(name), {certificate(name)});
    const auto first = store->list("", 2).value();
    BOOST_REQUIRE(first.size() == 2U);
    BOOST_TEST(first[0].name.text() == "a@x.test");
    const auto rest = store->list(first[1].name.text(), 2).value();
    BOOST_REQUIRE(rest.size() == 1U);
    BOOST_TEST(rest[0].name.text() == "c@x.test");
    BOOST_TEST((rest[0].state == KeyState::sealable));
}

BOOST_AUTO_TEST_CASE(many_names_are_found_in_one_snapshot) {
    const auto store = open();
    const auto reader = std::move(store->open_reader().value());
    bind(*store, ann, {certificate("one")});
    bind(*store, bob, {certificate("bob")});
    std::vector<EntryName> names(2 * names_at_once + 1, address("nobody@sealed.test"));
    names.front() = bob;
    names.back() = ann;
    for (EntrySource* source : std::vector<EntrySource*>{reader.get(), store.get()}) {
        const auto found = source->find(names).value();
        BOOST_REQUIRE(found.entries.size() == names.size());
        BOOST_TEST(found.stamp.revision == 2);
        BOOST_TEST(
            has(found.entries.front().value().text, to_hex(encryption_key("bob").fingerprint)));
        BOOST_TEST(!found.entries[1]);
        BOOST_TEST(
            has(found.entries.back().value().text, to_hex(encryption_key("one").fingerprint)));
    }
}

BOOST_AUTO_TEST_CASE(an_alias_keeps_its_targets_in_their_order) {
    const auto store = open();
    const EntryName quoted{address("\"with space\"@x.test")};
    Change change = binding_change(address("all@x.test"), 0, {});
    change.bound->targets = {quoted, bob, ann};
    BOOST_REQUIRE((store->apply({&change, 1}).value() == Applied::done));
    BOOST_TEST((store->binding(address("all@x.test")).value().targets == change.bound->targets));
    const auto entry = entry_of(*store, address("all@x.test"));
    BOOST_REQUIRE(entry);
    BOOST_TEST((entry->targets == change.bound->targets));
    BOOST_TEST(has(entry->text, "tombstone"));  // whoever overlooks the targets defers
    BOOST_TEST(store->log(0, 1, std::nullopt).value()[0].action == "alias");
    BOOST_TEST(store->log(0, 1, std::nullopt).value()[0].keys.value() ==
               "\"with space\"@x.test\nbob@sealed.test\nann@sealed.test");
    for (const EntryName& target : change.bound->targets)
        BOOST_TEST((store->aliases_of(target, 10).value() ==
                    std::vector<EntryName>{address("all@x.test")}));
    BOOST_TEST(store->aliases_of(address("b@sealed.test"), 10).value().empty());
    const auto listed = store->list("", 10, Listed::aliases).value();
    BOOST_REQUIRE(listed.size() == 1U);
    BOOST_TEST((listed[0].targets == change.bound->targets));
    bind(*store, ann, {certificate("one")});
    BOOST_TEST(store->list("", 10, Listed::aliases).value().size() == 1U);
    BOOST_TEST(store->list("", 10).value().size() == 2U);
    bind(*store, address("all@x.test"), {});
    BOOST_TEST(store->list("", 10, Listed::aliases).value().empty());
    BOOST_TEST(bool(store->verify_log()));
}

BOOST_AUTO_TEST_CASE(lost_keys_stay_lost_and_recognised) {
    const auto store = open();
    bind(*store, ann, {certificate("one"), certificate("two")});
    Change change = binding_change(ann, 1, {certificate("one"), certificate("two")});
    change.bound->lost = {encryption_key("one").fingerprint};
    change.lost = true;
    BOOST_REQUIRE((store->apply({&change, 1}).value() == Applied::done));
    BOOST_TEST((store->binding(ann).value().lost == change.bound->lost));
    BOOST_TEST(store->binding(ann).value().recognise.size() == 2U);
    BOOST_TEST(store->log(1, 1, std::nullopt).value()[0].action == "lost");
    // A change that does not know of it does not undo it.
    bind(*store, ann, {certificate("one")});
    BOOST_TEST((store->binding(ann).value().lost == change.bound->lost));
    release(*store, ann);
    BOOST_TEST(store->binding(ann).value().lost.empty());
}

BOOST_AUTO_TEST_CASE(a_change_judged_by_an_older_store_is_a_conflict) {
    const auto store = open();
    bind(*store, ann, {certificate("one")});
    std::vector<Change> changes{binding_change(bob, 0, {certificate("bob")}),
                                binding_change(address("eve@x.test"), 0, {certificate("eve")})};
    changes[0].revision = changes[1].revision = 0;
    BOOST_TEST((store->apply(changes).value() == Applied::conflict));
    changes[0].revision = changes[1].revision = 1;
    BOOST_TEST((store->apply(changes).value() == Applied::done));
}

BOOST_AUTO_TEST_CASE(a_store_of_the_first_schema_is_brought_up_to_date) {
    bind(*open(), ann, {certificate("one")});
    bind(*open(), bob, {certificate("bob")});
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

BOOST_AUTO_TEST_CASE(an_emptied_store_is_noticed_at_start) {
    bind(*open(), ann, {certificate("one")});
    tamper("PRAGMA foreign_keys = ON; DELETE FROM addresses");
    BOOST_TEST(has(refusal(), "0 addresses, but 1"));
}

BOOST_AUTO_TEST_CASE(a_cut_or_altered_log_is_noticed) {
    {
        const auto store = open();
        bind(*store, ann, {certificate("one")});
        bind(*store, bob, {certificate("two")});
    }
    tamper("UPDATE store SET log_sequence = 1");
    BOOST_TEST(has(refusal(), "key log"));
    tamper("UPDATE store SET log_sequence = 2");
    tamper("DROP TRIGGER key_log_is_not_changed; UPDATE key_log SET time = 7 WHERE sequence = 1");
    const auto verified = open()->verify_log();  // a start looks at the last row only
    BOOST_REQUIRE(!verified);
    BOOST_TEST(has(verified.error().what, "row 1 was altered"));
}

BOOST_AUTO_TEST_CASE(openings_can_be_erased_and_not_exchanged) {
    {
        const auto store = open();
        bind(*store, ann, {certificate("one")});
        bind(*store, bob, {certificate("two")});
    }
    tamper("UPDATE key_log_openings SET address = 'eve@sealed.test' WHERE sequence = 1");
    BOOST_TEST(has(open()->verify_log().error().what, "row 1 has an opening that does not fit"));
    tamper("DELETE FROM key_log_openings WHERE sequence = 1");
    BOOST_TEST(bool(open()->verify_log()));
    BOOST_TEST(!open()->log(0, 1, std::nullopt).value()[0].address);
}

BOOST_AUTO_TEST_CASE(the_log_refuses_changes_by_mistake) {
    bind(*open(), ann, {certificate("one")});
    auto connection = SqliteConnection::open(path, SQLITE_OPEN_READWRITE);
    BOOST_TEST(!connection->execute("UPDATE key_log SET time = 7"));
    BOOST_TEST(!connection->execute("DELETE FROM key_log"));
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

BOOST_AUTO_TEST_CASE(changes_from_several_threads_all_count) {
    const auto store = open();
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&store, t] {
            for (int i = 0; i < 10; ++i) {
                const auto who = address("u" + std::to_string(t * 10 + i) + "@x.test");
                const Change change = binding_change(who, 0, {certificate(who.text())});
                if (store->apply({&change, 1}).value() != Applied::done) std::abort();
            }
        });
    threads.clear();
    BOOST_TEST(store->stamp().value().revision == 40);
    BOOST_TEST(store->verify_log().value().sequence == 40);
}

BOOST_AUTO_TEST_SUITE_END()
