#include "keyd/client.hpp"

#include "keyd/answer.hpp"
#include "keyd/encoding.hpp"
#include "keyd/http_client.hpp"
#include "keyd/json_fields.hpp"
#include "keyd/known_history.hpp"
#include "keyd/leased_answers.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

namespace maildircrypt {
namespace {

/// keyd/API: to an address that no key can be bound to, such as one that is no UTF-8.
constexpr unsigned bad_request = 400;

}  // namespace

class KeyClient::State {
public:
    State(std::string path, std::chrono::milliseconds deadline, std::string store_id)
        : path_(std::move(path)), deadline_(deadline), store_id_(std::move(store_id)) {}

    Result<RecipientKeys> lookup(const Address& address) {
        Question question{address, std::chrono::steady_clock::now()};
        auto begun = begin(question);
        if (!begun) return begun.error();
        if (auto* remembered = std::get_if<RecipientKeys>(&*begun)) return std::move(*remembered);
        auto& client = std::get<HttpClient>(*begun);
        const auto deadline = question.asked + deadline_;
        auto reply =
            client.call({"GET", "/v1/lookup/" + percent_encode(address.text()), {}}, deadline);
        if (!reply) return reply.error();
        if (reply->status == bad_request) return refuse("keyd can know no such address");
        if (reply->status != 200)
            return retry("keyd answers with status " + std::to_string(reply->status));
        auto answer = read_answer(reply->body, address);
        if (!answer) return answer.error();
        return end(std::move(client), question, std::move(*answer), reply->lease);
    }

    /// The state that keyd counted, when the report got through.
    std::optional<std::string> report_clear(const Address& address, KeyState state) {
        if (!may_report()) return std::nullopt;
        // A connection of its own: unlike a lookup, a report is not repeated on a new one.
        HttpClient client{path_, max_answer};
        const std::string target = "/v1/clear/" + percent_encode(address.text()) +
                                   "?state=" + std::string{token_of(state)};
        const auto reply =
            client.call({"POST", target, {}}, std::chrono::steady_clock::now() + report_deadline);
        if (reply && reply->status == 200) {
            const auto object = nlohmann::json::parse(reply->body, nullptr, false);
            JsonFields fields{object};
            auto counted = fields.text("state");
            if (fields.ok()) return counted;
        }
        const std::lock_guard guard{mutex_};
        next_report_ = std::chrono::steady_clock::now() + report_pause;
        return std::nullopt;
    }

private:
    bool may_report() {
        const std::lock_guard guard{mutex_};
        return std::chrono::steady_clock::now() >= next_report_;
    }

    /// What was known before it was asked: answers to questions of other threads may overtake its
    /// own.
    struct Question {
        const Address& address;
        LeasedAnswers::Time asked;
        std::optional<StoreStamp> known{};
        LeasedAnswers::LeaseNumber lease = 0;
    };

    /// The answer if it is remembered, else a connection to ask on.
    Result<std::variant<RecipientKeys, HttpClient>> begin(Question& question) {
        const std::lock_guard guard{mutex_};
        if (distrust_) return retry(*distrust_);
        notice_recall();
        question.lease = leased_.lease();
        if (auto keys = leased_.find(question.address, question.asked))
            return std::variant<RecipientKeys, HttpClient>{std::move(*keys)};
        question.known = known_;
        if (idle_.empty())
            return std::variant<RecipientKeys, HttpClient>{HttpClient{path_, max_answer}};
        std::variant<RecipientKeys, HttpClient> client{std::move(idle_.back())};
        idle_.pop_back();
        return client;
    }

    Result<RecipientKeys> end(HttpClient client, const Question& question, Answer answer,
                              std::chrono::seconds lease) {
        const std::lock_guard guard{mutex_};
        const auto& known = question.known;
        if (distrust_) return retry(*distrust_);
        if (!store_id_.empty() && answer.stamp.id != store_id_)
            return retry("keyd answers from another store than the configured one");
        if (known || known_) {
            // Another thread may have been first to see any store at all: the id must fit there
            // too.
            auto wrong = known ? contradiction(*known, answer.stamp) : std::nullopt;
            if (!wrong && answer.stamp.id != known_->id) wrong = "another store";
            if (wrong) {
                distrust_ = "keyd answers from " + *wrong + ": check it, then restart this program";
                return retry(*distrust_);
            }
        }
        if (!known_ || answer.stamp.revision >= known_->revision) known_ = answer.stamp;
        remember(std::move(client), question, answer.keys, lease);
        return std::move(answer.keys);
    }

    void remember(HttpClient client, const Question& question, const RecipientKeys& keys,
                  std::chrono::seconds lease) {
        notice_recall();
        if (leased_.lease() == 0 && lease > std::chrono::seconds{0} && client.is_open())
            leased_.take_lease(std::move(client));
        else
            idle_.push_back(std::move(client));
        leased_.remember(question.lease, question.address, keys, question.asked, lease);
    }

    /// keyd has ended, or is ending, the idle connections as well.
    void notice_recall() {
        if (leased_.notice_recall()) idle_.clear();
    }

    const std::string path_;
    const std::chrono::milliseconds deadline_;
    const std::string store_id_;
    std::mutex mutex_;
    std::vector<HttpClient> idle_;
    LeasedAnswers leased_;
    std::optional<StoreStamp> known_;      ///< the newest stamp seen
    std::optional<std::string> distrust_;  ///< once set, it stays
    std::chrono::steady_clock::time_point next_report_{};
};

bool is_store_id(std::string_view text) {
    constexpr std::size_t length = 32;
    return text.size() == length && text.find_first_not_of("0123456789abcdef") == text.npos;
}

KeyClient::KeyClient(std::string socket_path, std::chrono::milliseconds deadline,
                     std::string store_id)
    : state_(std::make_unique<State>(std::move(socket_path), deadline, std::move(store_id))) {}
KeyClient::~KeyClient() = default;

Result<RecipientKeys> KeyClient::lookup(const Address& address) {
    return state_->lookup(address);
}

void KeyClient::report_clear(const Address& address, KeyState state, const Log& log) {
    const auto counted = state_->report_clear(address, state);
    const std::string known = counted.value_or(std::string{token_of(state)});
    const bool alarm = known != token_of(KeyState::no_key);
    if (!alarm && counted) return;
    log.event(
        LogLevel::warning, alarm ? "clear_mail_alarm" : "clear_mail_unreported",
        {{"recipient", address.text()}, {"key", known}, {"reported", counted ? "yes" : "no"}});
}

}  // namespace maildircrypt
