#include "keyd/restore_merge.hpp"
#include "tests/unit/support/keyd_data.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;
using namespace maildircrypt::test;

namespace {

Binding binding_of(std::int64_t version, std::vector<Certificate> certificates) {
    Binding binding;
    binding.version = version;
    binding.certificates = std::move(certificates);
    remember_subkeys(binding);
    return binding;
}

/// Nothing is to be joined.
Result<Certificate> no_join(const Certificate&, const Certificate&) {
    BOOST_ERROR("nothing was to be joined");
    return retry("");
}

const EntryName target = address("target@sealed.test");

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_restore_merge)

BOOST_AUTO_TEST_CASE(what_was_never_known_comes_back_whole) {
    Binding backup = binding_of(7, {certificate("one"), certificate("two")});
    backup.lost = {encryption_key("two").fingerprint};
    const auto merged = merge_entry({}, backup, false, no_join).value();
    BOOST_REQUIRE(merged.binding.has_value());
    BOOST_TEST(merged.binding->version == 0);
    BOOST_TEST(merged.binding->certificates.size() == 2U);
    BOOST_TEST((merged.binding->recognise == backup.recognise));
    BOOST_TEST((merged.binding->lost == backup.lost));
    BOOST_TEST(merged.note == "");
    const auto tombstone = merge_entry({}, binding_of(7, {}), false, no_join).value();
    BOOST_TEST(tombstone.binding.has_value());
    Binding alias = binding_of(7, {});
    alias.targets = {target};
    BOOST_TEST((merge_entry({}, alias, false, no_join).value().binding->targets == alias.targets));
}

BOOST_AUTO_TEST_CASE(what_was_released_stays_away) {
    const auto merged = merge_entry({}, binding_of(7, {certificate("one")}), true, no_join).value();
    BOOST_TEST(!merged.binding.has_value());
    BOOST_TEST(merged.note.find("released") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(certificates_that_went_do_not_come_back_but_are_recognised) {
    for (const auto& present : {binding_of(9, {}), binding_of(9, {certificate("two")})}) {
        const Binding backup = binding_of(7, {certificate("one")});
        const auto merged = merge_entry(present, backup, true, no_join).value();
        BOOST_REQUIRE(merged.binding.has_value());  // for the recognise set alone
        BOOST_TEST(merged.binding->certificates.size() == present.certificates.size());
        BOOST_TEST(merged.binding->recognise.size() == present.recognise.size() + 1);
        BOOST_TEST(merged.note != "");
    }
}

BOOST_AUTO_TEST_CASE(lost_keys_are_those_of_both) {
    Binding present = binding_of(9, {certificate("one"), certificate("two")});
    Binding backup = present;
    present.lost = {encryption_key("one").fingerprint};
    backup.lost = {encryption_key("two").fingerprint};
    const auto merged = merge_entry(present, backup, true, no_join).value();
    BOOST_REQUIRE(merged.binding.has_value());
    BOOST_TEST(merged.binding->lost.size() == 2U);
}

BOOST_AUTO_TEST_CASE(two_forms_of_a_certificate_are_joined) {
    Binding present = binding_of(9, {certificate("one")});
    Binding backup = binding_of(7, {certificate("one")});
    backup.certificates[0].binary.push_back(1);
    Certificate joined = certificate("one");
    joined.revoked = true;
    joined.binary.push_back(2);
    const auto join = [&](const Certificate&, const Certificate&) {
        return Result<Certificate>{joined};
    };
    const auto merged = merge_entry(present, backup, true, join).value();
    BOOST_REQUIRE(merged.binding.has_value());
    BOOST_TEST(merged.binding->certificates[0].revoked);
    const auto fails = [](const Certificate&, const Certificate&) {
        return Result<Certificate>{retry("gpg is away")};
    };
    BOOST_TEST(!merge_entry(present, backup, true, fails));
}

BOOST_AUTO_TEST_CASE(what_is_the_same_changes_nothing) {
    const Binding present = binding_of(9, {certificate("one")});
    const auto merged = merge_entry(present, present, true, no_join).value();
    BOOST_TEST(!merged.binding.has_value());
    BOOST_TEST(merged.note == "");
}

BOOST_AUTO_TEST_CASE(another_alias_stays) {
    Binding present = binding_of(9, {});
    present.targets = {target};
    Binding backup = binding_of(7, {});
    backup.targets = {EntryName{address("other@sealed.test")}};
    const auto merged = merge_entry(present, backup, true, no_join).value();
    BOOST_TEST(!merged.binding.has_value());
    BOOST_TEST(merged.note.find("alias") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
