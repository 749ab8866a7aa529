#include "keyd/cli_import.hpp"

#include "keyd/cli_output.hpp"
#include "keyd/encoding.hpp"
#include "keyd/import_source.hpp"
#include "keyd/keyd_call.hpp"
#include "seal/ascii.hpp"

#include <algorithm>
#include <chrono>
#include <iostream>

#include <sysexits.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

constexpr std::chrono::milliseconds draw_period{200};

std::string counted(std::size_t count, const std::string& what) {
    return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

class Import {
public:
    Import(HttpClient& client, const ImportOptions& options) : client_(client), options_(options) {}

    int run(const std::string& path) {
        auto done =
            read_import_source(path, [this](ImportItem item) { return take(std::move(item)); });
        clear_line();
        if (!done) std::cerr << "keyd-cli: " << printable(done.error().what) << '\n';
        summarise();
        if (status_ != EX_OK) return status_;
        if (!done) return done.error().fate == Fate::refuse ? EX_DATAERR : EX_NOINPUT;
        if (!std::cout) return EX_IOERR;
        return refused_ > 0 ? EX_DATAERR : EX_OK;
    }

private:
    /// The error breaks the import off: keyd cannot be asked any more.
    Result<void> take(ImportItem item) {
        ++certificates_;
        draw();
        if (item.refusal) {
            refuse_item(item, "", *item.refusal);
            return {};
        }
        std::erase_if(item.addresses, [this](const Address& address) { return !wanted(address); });
        if (item.addresses.empty()) ++without_address_;
        for (const Address& address : item.addresses) {
            if (auto offered = offer(item, address); !offered) return offered;
            draw();
        }
        return {};
    }

    bool wanted(const Address& address) const {
        const auto& domains = options_.domains;
        return domains.empty() ||
               std::any_of(domains.begin(), domains.end(), [&](const std::string& domain) {
                   return same_name(domain, address.domain());
               });
    }

    Result<void> offer(const ImportItem& item, const Address& address) {
        if (!is_utf8(address.text())) {
            refuse_item(item, "", "an address in it is not UTF-8");
            return {};
        }
        const std::string name = percent_encode(address.text());
        HttpCall call{"POST",
                      options_.dry_run ? "/v1/check?address=" + name
                                       : "/v1/addresses/" + name + "/certificates",
                      std::string{as_text(item.certificate)}};
        const CallReply reply = call_keyd(client_, call);
        if (const auto* failure = std::get_if<CallFailure>(&reply)) {
            if (failure->status == EX_DATAERR || failure->status == EX_TEMPFAIL) {
                refuse_item(item, address.text(), failure->message);
                return {};
            }
            status_ = failure->status;
            return retry("broken off at " + address.text() + ": " + failure->message);
        }
        const bool created = std::get<nlohmann::json>(reply).value("status", 0) == 201;
        ++(created || options_.dry_run ? added_ : known_);
        return {};
    }

    void refuse_item(const ImportItem& item, const std::string& address, const std::string& why) {
        ++refused_;
        clear_line();
        std::cerr << "refused: " << printable(item.origin);
        if (!item.fingerprint.empty()) std::cerr << ": " << item.fingerprint;
        if (!address.empty()) std::cerr << " for " << printable(address);
        std::cerr << ": " << printable(why) << '\n';
    }

    void draw() {
        const auto now = std::chrono::steady_clock::now();
        if (!terminal_ || now - drawn_ < draw_period) return;
        drawn_ = now;
        std::cerr << '\r' << counted(certificates_, "certificate") << ", " << added_ << " added, "
                  << known_ << " known, " << refused_ << " refused " << std::flush;
    }

    void clear_line() {
        if (terminal_) std::cerr << "\r\x1b[K";
    }

    /// One line, for scripts, too.
    void summarise() const {
        std::cout << "certificates " << certificates_
                  << (options_.dry_run ? ", acceptable " : ", added ") << added_
                  << ", known already " << known_ << ", refused " << refused_
                  << ", without an address that is wanted " << without_address_ << '\n'
                  << std::flush;
    }

    HttpClient& client_;
    const ImportOptions& options_;
    const bool terminal_ = ::isatty(STDERR_FILENO) == 1;
    std::chrono::steady_clock::time_point drawn_;
    std::size_t certificates_ = 0;
    std::size_t added_ = 0;
    std::size_t known_ = 0;
    std::size_t refused_ = 0;
    std::size_t without_address_ = 0;
    int status_ = EX_OK;
};

}  // namespace

int import_certificates(HttpClient& client, const std::string& path, const ImportOptions& options) {
    return Import{client, options}.run(path);
}

}  // namespace maildircrypt
