#include "tests/unit/support/keyd_data.hpp"
#include "tests/unit/support/test_store.hpp"

#include <thread>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

const auto each_kind = boost::unit_test::data::make(TestStore::kinds());

/// A new store of one kind.
class Fixture {
public:
    explicit Fixture(const std::string& kind) : store_(TestStore::make(kind)) {}
    const std::string& id() const { return store_->id(); }
    std::unique_ptr<Store> open() const { return store_->open(); }
    std::string refusal() const { return store_->refusal(); }
    void tamper(const std::string& sql) const {
        const auto done = store_->tamper(sql);
        BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().what));
    }
    void allow_log_changes() const { BOOST_REQUIRE(store_->allow_log_changes()); }
    bool can(const std::string& sql) const { return bool(store_->tamper(sql)); }

private:
    std::unique_ptr<TestStore> store_;
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

BOOST_AUTO_TEST_SUITE(keyd_store)

BOOST_DATA_TEST_CASE(what_was_stored_is_there_after_reopening, each_kind) {
    const Fixture fixture{sample};
    bind(*fixture.open(), ann, {certificate("one"), certificate("two", 5000)});
    const auto store = fixture.open();
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
    BOOST_TEST(stamp.id == fixture.id());
    BOOST_TEST(stamp.revision == 1);
    const auto entry = entry_of(*reader, ann);
    BOOST_REQUIRE(entry);
    BOOST_TEST(entry->valid_until == 5000);
    BOOST_TEST(has(entry->text, to_hex(encryption_key("two").fingerprint)));
}

BOOST_DATA_TEST_CASE(every_change_raises_the_revision_and_extends_the_log, each_kind) {
    const Fixture fixture{sample};
    const auto store = fixture.open();
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

/// As when they were stored under rules that folded less.
static void give_other_names(const Fixture& fixture, const std::string& sql) {
    fixture.tamper("UPDATE store SET folding = '';" + sql);
}

BOOST_DATA_TEST_CASE(names_under_older_rules_of_folding_are_found, each_kind) {
    const Fixture fixture{sample};
    const Address juergen = address("j\u00fcrgen@x.test");
    {
        const auto store = fixture.open();
        bind(*store, ann, {certificate("one")});
        Change alias = binding_change(bob, 0, {});
        alias.bound->targets = {ann, juergen};
        BOOST_REQUIRE((store->apply({&alias, 1}).value() == Applied::done));
    }
    give_other_names(
        fixture,
        "UPDATE addresses SET name = 'J\u00dcRGEN@x.test' WHERE name = 'ann@sealed.test';"
        "UPDATE addresses SET targets = 'J\u00dcRGEN@x.test\nj\u00fcrgen@x.test' "
        "WHERE name = 'bob@sealed.test'");
    for (int start = 0; start < 2; ++start) {
        const auto store = fixture.open();
        BOOST_TEST(store->binding(juergen).value().certificates.size() == 1U);
        BOOST_TEST(store->binding(address("JU\u0308RGEN@x.test")).value().version == 1);
        BOOST_TEST((store->binding(bob).value().targets == std::vector<EntryName>{juergen}));
        BOOST_TEST(store->aliases_of(juergen, 10).value().size() == 1U);
        BOOST_TEST(store->list("", 10).value().size() == 2U);
        BOOST_TEST(store->stamp().value().revision == 2);
        BOOST_TEST(bool(store->verify_log()));
    }
}

/// `first` and `second` become the names of the entries of versions 1 and 2.
static std::string refusal_after_renaming(const Fixture& fixture, const std::string& first,
                                          const std::string& second) {
    const std::string update = "UPDATE addresses SET name = ";
    give_other_names(fixture, update + "version; " + update + "'" + first +
                                  "' WHERE version = 1; " + update + "'" + second +
                                  "' WHERE version = 2");
    return fixture.refusal();
}

BOOST_DATA_TEST_CASE(two_names_that_are_one_address_now_are_both_kept, each_kind) {
    const Fixture fixture{sample};
    bind(*fixture.open(), ann, {certificate("one")});
    bind(*fixture.open(), bob, {certificate("two")});
    const std::string why =
        refusal_after_renaming(fixture, "j\u00fcrgen@x.test", "J\u00dcRGEN@x.test");
    BOOST_TEST(has(why, "J\u00dcRGEN@x.test and j\u00fcrgen@x.test are one address"), why);
    BOOST_TEST(has(why, "keyd-cli remove"), why);
    // Both change; one is ASCII alone; and the other way round.
    BOOST_TEST(has(refusal_after_renaming(fixture, "ju\u0308rgen@x.test", "J\u00dcRGEN@x.test"),
                   "are one address"));
    BOOST_TEST(has(refusal_after_renaming(fixture, "strasse@x.test", "stra\u00dfe@x.test"),
                   "are one address"));
    BOOST_TEST(has(refusal_after_renaming(fixture, "stra\u00dfe@x.test", "strasse@x.test"),
                   "are one address"));
    // Nothing was lost: each is still there as soon as they are two.
    BOOST_TEST(refusal_after_renaming(fixture, "stra\u00dfe@x.test", "J\u00dcRGEN@x.test") == "");
    const auto store = fixture.open();
    BOOST_TEST(store->binding(address("STRASSE@x.test")).value().version == 1);
    BOOST_TEST(store->binding(address("j\u00fcrgen@x.test")).value().version == 2);
}

BOOST_DATA_TEST_CASE(an_alias_that_would_lead_to_itself_is_refused, each_kind) {
    const Fixture fixture{sample};
    Change alias = binding_change(bob, 0, {});
    alias.bound->targets = {ann};
    BOOST_REQUIRE((fixture.open()->apply({&alias, 1}).value() == Applied::done));
    give_other_names(fixture,
                     "UPDATE addresses SET name = 'J\u00dcRGEN@x.test', targets = "
                     "'j\u00fcrgen@x.test'");
    BOOST_TEST(has(fixture.refusal(), "the alias J\u00dcRGEN@x.test leads to j\u00fcrgen@x.test"));
}

/// The log goes on about names as they were committed to.
BOOST_DATA_TEST_CASE(rows_of_the_log_are_found_and_erased_under_the_new_name, each_kind) {
    const Fixture fixture{sample};
    const Address old = address("J\u00dcRGEN@x.test");
    const Address juergen = address("j\u00fcrgen@x.test");
    {
        const auto store = fixture.open();
        bind(*store, juergen, {certificate("one")});
        Change alias = binding_change(bob, 0, {});
        alias.bound->targets = {juergen};
        BOOST_REQUIRE((store->apply({&alias, 1}).value() == Applied::done));
        release(*store, juergen);
        release(*store, bob);
    }
    fixture.allow_log_changes();
    give_other_names(fixture,
                     "UPDATE key_log_openings SET address = 'J\u00dcRGEN@x.test' WHERE address = "
                     "'j\u00fcrgen@x.test'; UPDATE key_log_openings SET keys = "
                     "'J\u00dcRGEN@x.test' WHERE sequence = 2");
    const auto store = fixture.open();
    const auto rows = store->log(0, 10, juergen).value();
    BOOST_REQUIRE(rows.size() == 2U);
    BOOST_TEST(rows[0].address.value() == "J\u00dcRGEN@x.test");
    BOOST_TEST(store->log(0, 10, old).value().size() == 2U);
    BOOST_TEST(store->erase_openings(juergen).value() == 3);
    BOOST_TEST(store->log(0, 10, juergen).value().empty());
    BOOST_TEST(store->log(0, 10, bob).value().size() == 1U);
    BOOST_TEST(fixture.can("UPDATE former_names SET name = NULL"), "a row is left");
}

BOOST_DATA_TEST_CASE(a_tombstone_stays_until_it_is_released, each_kind) {
    const Fixture fixture{sample};
    const auto store = fixture.open();
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

BOOST_DATA_TEST_CASE(a_change_to_something_that_changed_meanwhile_is_a_conflict, each_kind) {
    const Fixture fixture{sample};
    const auto store = fixture.open();
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

BOOST_DATA_TEST_CASE(stale_answers_are_found_and_refreshed_without_a_new_revision, each_kind) {
    const Fixture fixture{sample};
    const auto store = fixture.open();
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

BOOST_DATA_TEST_CASE(lists_page_by_page, each_kind) {
    const Fixture fixture{sample};
    const auto store = fixture.open();
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

BOOST_DATA_TEST_CASE(many_names_are_found_in_one_snapshot, each_kind) {
    const Fixture fixture{sample};
    const auto store = fixture.open();
    const auto reader = std::move(store->open_reader().value());
    bind(*store, ann, {certificate("one")});
    bind(*store, bob, {certificate("bob")});
    // More than any store asks for in one prepared statement.
    std::vector<EntryName> names(21, address("nobody@sealed.test"));
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

BOOST_DATA_TEST_CASE(an_alias_keeps_its_targets_in_their_order, each_kind) {
    const Fixture fixture{sample};
    const auto store = fixture.open();
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

BOOST_DATA_TEST_CASE(lost_keys_stay_lost_and_recognised, each_kind) {
    const Fixture fixture{sample};
    const auto store = fixture.open();
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

BOOST_DATA_TEST_CASE(a_change_judged_by_an_older_store_is_a_conflict, each_kind) {
    const Fixture fixture{sample};
    const auto store = fixture.open();
    bind(*store, ann, {certificate("one")});
    std::vector<Change> changes{binding_change(bob, 0, {certificate("bob")}),
                                binding_change(address("eve@x.test"), 0, {certificate("eve")})};
    changes[0].revision = changes[1].revision = 0;
    BOOST_TEST((store->apply(changes).value() == Applied::conflict));
    changes[0].revision = changes[1].revision = 1;
    BOOST_TEST((store->apply(changes).value() == Applied::done));
}

BOOST_DATA_TEST_CASE(an_emptied_store_is_noticed_at_start, each_kind) {
    const Fixture fixture{sample};
    bind(*fixture.open(), ann, {certificate("one")});
    fixture.tamper("DELETE FROM addresses");
    BOOST_TEST(has(fixture.refusal(), "0 addresses, but 1"));
}

BOOST_DATA_TEST_CASE(a_cut_or_altered_log_is_noticed, each_kind) {
    const Fixture fixture{sample};
    {
        const auto store = fixture.open();
        bind(*store, ann, {certificate("one")});
        bind(*store, bob, {certificate("two")});
    }
    fixture.tamper("UPDATE store SET log_sequence = 1");
    BOOST_TEST(has(fixture.refusal(), "key log"));
    fixture.tamper("UPDATE store SET log_sequence = 2");
    fixture.allow_log_changes();
    fixture.tamper("UPDATE key_log SET time = 7 WHERE sequence = 1");
    const auto verified = fixture.open()->verify_log();  // a start looks at the last row only
    BOOST_REQUIRE(!verified);
    BOOST_TEST(has(verified.error().what, "row 1 was altered"));
}

BOOST_DATA_TEST_CASE(openings_can_be_erased_and_not_exchanged, each_kind) {
    const Fixture fixture{sample};
    {
        const auto store = fixture.open();
        bind(*store, ann, {certificate("one")});
        bind(*store, bob, {certificate("two")});
    }
    fixture.tamper("UPDATE key_log_openings SET address = 'eve@sealed.test' WHERE sequence = 1");
    BOOST_TEST(
        has(fixture.open()->verify_log().error().what, "row 1 has an opening that does not fit"));
    fixture.tamper("DELETE FROM key_log_openings WHERE sequence = 1");
    BOOST_TEST(bool(fixture.open()->verify_log()));
    BOOST_TEST(!fixture.open()->log(0, 1, std::nullopt).value()[0].address);
}

BOOST_DATA_TEST_CASE(the_log_refuses_changes_by_mistake, each_kind) {
    const Fixture fixture{sample};
    bind(*fixture.open(), ann, {certificate("one")});
    BOOST_TEST(!fixture.can("UPDATE key_log SET time = 7"));
    BOOST_TEST(!fixture.can("DELETE FROM key_log"));
}

BOOST_DATA_TEST_CASE(changes_from_several_threads_all_count, each_kind) {
    const Fixture fixture{sample};
    const auto store = fixture.open();
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
