#include "milter/callbacks.hpp"

#include "base/bytes.hpp"
#include "base/process.hpp"
#include "milter/session.hpp"

#include <charconv>
#include <csignal>
#include <cstring>
#include <exception>
#include <vector>

#include <libmilter/mfapi.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

constexpr unsigned long needed_actions = SMFIF_ADDHDRS | SMFIF_CHGHDRS | SMFIF_CHGBODY;
/// Without it the MTA eats a blank of each field, and no message could be given back octet for
/// octet.
constexpr unsigned long needed_protocol = SMFIP_HDR_LEADSPC;
/// Callbacks that are not needed (if the MTA can leave them out), and those that are not answered
/// (if it cannot, libmilter answers).
constexpr unsigned long left_out = SMFIP_NOHELO | SMFIP_NOUNKNOWN;
constexpr unsigned long not_answered =
    SMFIP_NR_CONN | SMFIP_NR_MAIL | SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY;

/// libmilter has no place for a context of the caller's: it hands nothing but the connection to its
/// callbacks. Set once, before the first callback can come.
const MilterService* the_service = nullptr;

/// What libmilter keeps for us per connection (its "private data").
struct Connection {
    MilterSession session{*the_service};
    bool broken = false;  ///< a callback threw: the message of which it was part is not accepted
};

/// libmilter takes `char*` and does not write to it.
char* mutable_text(std::string& text) {
    return text.data();
}

class ContextMacros : public Macros {
public:
    explicit ContextMacros(SMFICTX* context) : context_(context) {}
    std::optional<std::string_view> find(const char* name) const override {
        std::string copy = name;
        const char* value = smfi_getsymval(context_, mutable_text(copy));
        if (value == nullptr) return std::nullopt;
        return value;
    }

private:
    SMFICTX* context_;
};

class ContextEditor : public MessageEditor {
public:
    explicit ContextEditor(SMFICTX* context) : context_(context) {}

    Result<void> change_field(const std::string& name, std::size_t index,
                              const std::string& value) override {
        std::string name_copy = name;
        std::string value_copy = value;
        return check("change a header field",
                     smfi_chgheader(context_, mutable_text(name_copy), static_cast<int>(index),
                                    mutable_text(value_copy)));
    }
    Result<void> remove_field(const std::string& name, std::size_t index) override {
        std::string name_copy = name;
        return check("remove a header field", smfi_chgheader(context_, mutable_text(name_copy),
                                                             static_cast<int>(index), nullptr));
    }
    Result<void> insert_field(std::size_t index, const std::string& name,
                              const std::string& value) override {
        std::string name_copy = name;
        std::string value_copy = value;
        return check("insert a header field",
                     smfi_insheader(context_, static_cast<int>(index), mutable_text(name_copy),
                                    mutable_text(value_copy)));
    }
    Result<void> append_field(const std::string& name, const std::string& value) override {
        std::string name_copy = name;
        std::string value_copy = value;
        return check("add a header field",
                     smfi_addheader(context_, mutable_text(name_copy), mutable_text(value_copy)));
    }
    Result<void> replace_body(std::string_view piece) override {
        // libmilter sends the octets from where they are and does not write to them.
        auto* octets = const_cast<std::uint8_t*>(as_octets(piece).data());
        return check("replace the body",
                     smfi_replacebody(context_, octets, static_cast<int>(piece.size())));
    }

private:
    static Result<void> check(const char* step, int result) {
        if (result != MI_SUCCESS) return retry(std::string{step} + ": libmilter failed");
        return {};
    }

    SMFICTX* context_;
};

Connection* connection_of(SMFICTX* context) {
    return static_cast<Connection*>(smfi_getpriv(context));
}

sfsistat answer(SMFICTX* context, MilterReply reply) {
    switch (reply.action) {
        case MilterReply::Action::proceed:
            return SMFIS_CONTINUE;
        case MilterReply::Action::accept:
            return SMFIS_ACCEPT;
        case MilterReply::Action::defer:
        case MilterReply::Action::reject:
            // Failing this, libmilter's own texts (451 4.7.1, 550 5.7.1) say the same.
            (void)smfi_setreply(context, mutable_text(reply.code), mutable_text(reply.enhanced),
                                mutable_text(reply.text));
            return reply.action == MilterReply::Action::defer ? SMFIS_TEMPFAIL : SMFIS_REJECT;
    }
    return SMFIS_TEMPFAIL;
}

void log_exception(const char* what) noexcept {
    try {
        the_service->log.event(LogLevel::error, "exception", {{"what", what}});
    } catch (...) {
        // Out of memory for a log line: the 451 says it, too.
    }
}

/// The one place where C calls C++: whatever is thrown becomes 451, now and up to the end of the
/// message. Without a connection (libmilter may call with none) nothing is done.
template <class Step>
void guarded(SMFICTX* context, Step&& step) noexcept {
    Connection* connection = connection_of(context);
    if (connection == nullptr || connection->broken) return;
    try {
        step(*connection);
        return;
    } catch (const std::exception& error) {
        log_exception(error.what());
    } catch (...) {
        log_exception("unknown");
    }
    connection->broken = true;
    connection->session.abort();
}

/// A callback with an answer: 451 unless the session says otherwise.
template <class Step>
sfsistat answered(SMFICTX* context, Step&& step) noexcept {
    sfsistat result = SMFIS_TEMPFAIL;
    guarded(context,
            [&](Connection& connection) { result = answer(context, step(connection.session)); });
    return result;
}

/// A callback without an answer. What fails here is answered at the end of the message.
template <class Step>
sfsistat unanswered(SMFICTX* context, Step&& step) noexcept {
    guarded(context, [&](Connection& connection) { step(connection.session); });
    return SMFIS_NOREPLY;
}

/// At the start of a connection or message. An MTA may keep its line to us for several connections
/// (SMFIC_QUIT_NC): each has its own beginning and end. Without memory there is none, and 451.
void ensure_connection(SMFICTX* context) noexcept {
    if (connection_of(context) != nullptr) return;
    try {
        auto connection = std::make_unique<Connection>();
        if (smfi_setpriv(context, connection.get()) == MI_SUCCESS) (void)connection.release();
    } catch (...) {
        log_exception("no memory for a connection");
    }
}

std::optional<Peer> peer_of(const sockaddr* address) {
    if (address == nullptr) return std::nullopt;
    const socklen_t length = address->sa_family == AF_INET    ? sizeof(sockaddr_in)
                             : address->sa_family == AF_INET6 ? sizeof(sockaddr_in6)
                                                              : 0;
    char host[INET6_ADDRSTRLEN] = {};
    char port[8] = {};
    if (length == 0 || ::getnameinfo(address, length, host, sizeof host, port, sizeof port,
                                     NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return std::nullopt;
    Peer peer{host, 0};
    std::from_chars(port, port + std::strlen(port), peer.port);
    return peer;
}

std::vector<std::string_view> as_views(char** arguments) {
    std::vector<std::string_view> views;
    for (; arguments != nullptr && *arguments != nullptr; ++arguments)
        views.emplace_back(*arguments);
    return views;
}

void ask_for_macros(SMFICTX* context) {
    const auto ask = [context](int stage, std::string macros) {
        // An MTA that ignores the wish sends its default set, which holds these.
        (void)smfi_setsymlist(context, stage, mutable_text(macros));
    };
    ask(SMFIM_CONNECT, "j");
    ask(SMFIM_ENVFROM, "i {auth_authen}");
    ask(SMFIM_ENVRCPT, "i {rcpt_addr} {rcpt_mailer}");
    ask(SMFIM_DATA, "i");
    ask(SMFIM_EOM, "i");
}

}  // namespace

extern "C" {

static sfsistat on_negotiate(SMFICTX* context, unsigned long actions, unsigned long protocol,
                             unsigned long, unsigned long, unsigned long* wanted_actions,
                             unsigned long* protocol_answer, unsigned long* reserved2,
                             unsigned long* reserved3) {
    if ((actions & needed_actions) != needed_actions ||
        (protocol & needed_protocol) != needed_protocol) {
        the_service->log.event(LogLevel::error, "mta-refused",
                               {{"cause", "cannot change bodies and header fields"}});
        return SMFIS_REJECT;
    }
    *wanted_actions = needed_actions;
    *protocol_answer = needed_protocol | not_answered | (left_out & protocol);
    *reserved2 = 0;
    *reserved3 = 0;
    if ((actions & SMFIF_SETSYMLIST) != 0) {
        *wanted_actions |= SMFIF_SETSYMLIST;
        ask_for_macros(context);
    }
    return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX* context, char*, sockaddr* address) {
    ensure_connection(context);
    return unanswered(context, [&](MilterSession& session) { session.connect(peer_of(address)); });
}

static sfsistat on_mail(SMFICTX* context, char** arguments) {
    ensure_connection(context);
    if (Connection* connection = connection_of(context)) connection->broken = false;
    return unanswered(context, [&](MilterSession& session) {
        session.mail(as_views(arguments), ContextMacros{context});
    });
}

static sfsistat on_recipient(SMFICTX* context, char** arguments) {
    return answered(context, [&](MilterSession& session) {
        const auto views = as_views(arguments);
        return session.recipient(views.empty() ? "" : views.front(), ContextMacros{context});
    });
}

static sfsistat on_data(SMFICTX* context) {
    return answered(context,
                    [&](MilterSession& session) { return session.data(ContextMacros{context}); });
}

static sfsistat on_header(SMFICTX* context, char* name, char* value) {
    return unanswered(context, [&](MilterSession& session) { session.field(name, value); });
}

static sfsistat on_end_of_header(SMFICTX* context) {
    return unanswered(context, [](MilterSession& session) { session.end_of_header(); });
}

static sfsistat on_body(SMFICTX* context, unsigned char* piece, std::size_t size) {
    return unanswered(context, [&](MilterSession& session) {
        session.body(as_text(Octets{piece, size}));
    });
}

static sfsistat on_end_of_message(SMFICTX* context) {
    return answered(context, [&](MilterSession& session) {
        ContextEditor editor{context};
        return session.end_of_message(editor, ContextMacros{context});
    });
}

static sfsistat on_abort(SMFICTX* context) {
    guarded(context, [](Connection& connection) { connection.session.abort(); });
    return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX* context) {
    const std::unique_ptr<Connection> connection{connection_of(context)};
    (void)smfi_setpriv(context, nullptr);
    return SMFIS_CONTINUE;
}

}  // extern "C"

namespace {

/// The socket as a file: libmilter leaves it behind when it ends.
class SocketFile {
public:
    explicit SocketFile(std::string path) : path_(std::move(path)) {
        known_ = ::lstat(path_.c_str(), &status_) == 0;
    }
    SocketFile(const SocketFile&) = delete;
    SocketFile& operator=(const SocketFile&) = delete;
    /// Unless another process has put its own there meanwhile.
    ~SocketFile() {
        struct stat now;
        if (known_ && ::lstat(path_.c_str(), &now) == 0 && now.st_ino == status_.st_ino &&
            now.st_dev == status_.st_dev)
            (void)::unlink(path_.c_str());  // failing this, the next start replaces it
    }

private:
    std::string path_;
    struct stat status_;
    bool known_;
};

Result<void> listen_at(const std::string& path, mode_t mode) {
    // Refuses a live socket and whatever is no socket; libmilter itself would unlink both.
    if (auto free = listen_unix(path, mode); !free) return free.error();
    std::string connection = "unix:" + path;
    if (smfi_setconn(mutable_text(connection)) != MI_SUCCESS)
        return refuse("libmilter takes no socket at " + path);
    const mode_t old_mask = ::umask(0777 & ~mode);
    const int opened = smfi_opensocket(true);
    ::umask(old_mask);
    if (opened != MI_SUCCESS) return refuse("libmilter cannot listen at " + path);
    return {};
}

/// From here on they wait for the thread of libmilter that takes them; without this one that comes
/// before that thread would kill the process.
void hold_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

Result<void> register_callbacks() {
    std::string name = "maildircrypt";
    smfiDesc description{};
    description.xxfi_name = mutable_text(name);
    description.xxfi_version = SMFI_VERSION;
    description.xxfi_flags = needed_actions | SMFIF_SETSYMLIST;
    description.xxfi_negotiate = on_negotiate;
    description.xxfi_connect = on_connect;
    description.xxfi_envfrom = on_mail;
    description.xxfi_envrcpt = on_recipient;
    description.xxfi_data = on_data;
    description.xxfi_header = on_header;
    description.xxfi_eoh = on_end_of_header;
    description.xxfi_body = on_body;
    description.xxfi_eom = on_end_of_message;
    description.xxfi_abort = on_abort;
    description.xxfi_close = on_close;
    if (smfi_register(description) != MI_SUCCESS) return refuse("libmilter takes no callbacks");
    return {};
}

}  // namespace

Result<void> serve_milter(const MilterService& service, const std::string& path, mode_t mode,
                          const std::function<void()>& ready) {
    the_service = &service;
    if (auto done = register_callbacks(); !done) return done.error();
    if (auto done = listen_at(path, mode); !done) return done.error();
    const SocketFile socket{path};
    hold_signals();
    ready();
    if (smfi_main() != MI_SUCCESS) return retry("libmilter gave up");
    return {};
}

}  // namespace maildircrypt
