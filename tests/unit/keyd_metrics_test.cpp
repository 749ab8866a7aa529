#include "keyd/metrics.hpp"
#include "keyd/refusal_reason.hpp"

#include <boost/test/unit_test.hpp>

using namespace maildircrypt;

namespace {

const MetricsSnapshot nothing{{std::string(32, 'a'), 7, {5, std::string(64, 'b')}}, 3};

bool has_line(const std::string& text, const std::string& line) {
    return text.find("\nmaildircrypt_keyd_" + line + "\n") != text.npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(keyd_metrics)

BOOST_AUTO_TEST_CASE(what_is_counted_stands_in_the_text) {
    Metrics metrics;
    metrics.lookup(KeyState::sealable);
    metrics.lookup(KeyState::sealable);
    metrics.lookup(KeyState::no_key);
    metrics.lookup_failed();
    metrics.upload_accepted(true);
    metrics.upload_accepted(false);
    metrics.upload_refused("secret_key");
    metrics.upload_refused("something new");
    metrics.denied();
    metrics.store_failed();
    metrics.connection_opened();
    metrics.connection_opened();
    metrics.connection_closed();
    const std::string text = metrics.render(nothing);
    for (const char* line :
         {"lookups_total{outcome=\"sealable\"} 2", "lookups_total{outcome=\"no-key\"} 1",
          "lookups_total{outcome=\"failed\"} 1", "lookups_total{outcome=\"revoked\"} 0",
          "uploads_total{result=\"added\"} 1", "uploads_total{result=\"updated\"} 1",
          "refusals_total{reason=\"secret_key\"} 1", "refusals_total{reason=\"other\"} 1",
          "denied_total 1", "store_errors_total 1", "connections 1", "connections_total 2",
          "store_revision 7", "log_sequence 5", "expiring_addresses 3"})
        BOOST_TEST(has_line(text, line), line);
}

BOOST_AUTO_TEST_CASE(a_latency_falls_into_its_bucket_and_into_all_larger_ones) {
    Metrics metrics;
    metrics.lookup_took(std::chrono::microseconds{50});  // a limit belongs to its bucket
    metrics.lookup_took(std::chrono::nanoseconds{50'001});
    metrics.lookup_took(std::chrono::seconds{2});
    metrics.lookup_took(std::chrono::nanoseconds{-1});  // clocks of other cores
    const std::string text = metrics.render(nothing);
    BOOST_TEST(has_line(text, "lookup_seconds_bucket{le=\"0.000050000\"} 2"));
    BOOST_TEST(has_line(text, "lookup_seconds_bucket{le=\"0.000100000\"} 3"));
    BOOST_TEST(has_line(text, "lookup_seconds_bucket{le=\"1.000000000\"} 3"));
    BOOST_TEST(has_line(text, "lookup_seconds_bucket{le=\"+Inf\"} 4"));
    BOOST_TEST(has_line(text, "lookup_seconds_count 4"));
    BOOST_TEST(has_line(text, "lookup_seconds_sum 2.000100001"));
}

BOOST_AUTO_TEST_CASE(clear_mail_alarms_unless_there_never_was_a_key) {
    Metrics metrics;
    metrics.clear_mail(ClearKind::no_key);
    BOOST_TEST(has_line(metrics.render(nothing), "clear_mail_alarms_total 0"));
    for (const ClearKind kind : {ClearKind::released, ClearKind::sealable, ClearKind::expired,
                                 ClearKind::revoked, ClearKind::tombstone})
        metrics.clear_mail(kind);
    const std::string text = metrics.render(nothing);
    BOOST_TEST(has_line(text, "clear_mail_alarms_total 5"));
    BOOST_TEST(has_line(text, "clear_mail_total{state=\"no-key\"} 1"));
    BOOST_TEST(has_line(text, "clear_mail_total{state=\"released\"} 1"));
}

BOOST_AUTO_TEST_CASE(every_reason_has_a_counter_of_its_own) {
    Metrics metrics;
    for (const auto reason : refusal_reasons) metrics.upload_refused(reason);
    const std::string text = metrics.render(nothing);
    for (const auto reason : refusal_reasons)
        BOOST_TEST(has_line(text, "refusals_total{reason=\"" + std::string{reason} + "\"} 1"));
}

BOOST_AUTO_TEST_SUITE_END()
