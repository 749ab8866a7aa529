#include "pipe/lmtp_session.hpp"

#include "pipe/lmtp_limits.hpp"
#include "seal/ascii.hpp"

#include <algorithm>
#include <utility>

namespace maildircrypt::lmtp {
namespace {

bool has_control(std::string_view line) {
    return std::any_of(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
    });
}

}  // namespace

Session::Session(std::string name, Offer offer) : name_(std::move(name)), offer_(std::move(offer)) {
    replies_ = "220 " + name_ + " LMTP maildircrypt\r\n";
}

Session::Event Session::next(std::string_view& input) {
    switch (mode_) {
        case Mode::command:
            return read_command(input);
        case Mode::data:
            return read_data(input);
        case Mode::chunk:
            return read_chunk(input);
        case Mode::closed:
            input = {};
            return Event::close;
    }
    return Event::close;
}

std::string Session::take_replies() {
    return std::exchange(replies_, {});
}

Session::Event Session::reply(int code, std::string_view enhanced, std::string_view text) {
    replies_ += Reply{code, std::string{enhanced}, std::string{text}, {}}.render();
    return Event::replied;
}

/// A reply to what is the peer's mistake.
Session::Event Session::bad(int code, std::string_view enhanced, std::string_view text) {
    reply(code, enhanced, text);
    if (++bad_commands_ >= max_bad_commands) dismiss("too many bad commands");
    return Event::replied;
}

void Session::dismiss(std::string_view why) {
    if (mode_ == Mode::closed) return;
    reply(421, "4.3.2", name_ + " " + std::string{why});
    mode_ = Mode::closed;
}

/// Only CRLF ends a command: a lone CR or LF in it makes it malformed.
Session::Event Session::read_command(std::string_view& input) {
    while (!input.empty()) {
        const auto line_feed = input.find('\n');
        const std::size_t count = std::min(line_feed, input.size() - 1) + 1;
        if (line_.size() + count > max_command_line) {
            line_too_long_ = true;
            if (line_.size() > 1) line_.erase(0, line_.size() - 1);  // its CR may be the last octet
        }
        const auto kept = line_too_long_ ? input.substr(count - std::min<std::size_t>(count, 2),
                                                        std::min<std::size_t>(count, 2))
                                         : input.substr(0, count);
        line_ += kept;
        input.remove_prefix(count);
        if (line_.ends_with("\r\n")) return take_line();
    }
    return Event::need_input;
}

Session::Event Session::take_line() {
    std::string line = std::exchange(line_, {});
    if (std::exchange(line_too_long_, false)) return bad(500, "5.5.2", "The line is too long");
    line.resize(line.size() - 2);
    if (has_control(line)) return bad(500, "5.5.2", "The line has control characters");
    return obey(parse_command(line));
}

Session::Event Session::obey(const Command& command) {
    switch (command.verb) {
        case Verb::lhlo:
            return greet(command.argument);
        case Verb::mail:
            return take_sender(command.argument);
        case Verb::rcpt:
            return take_recipient(command.argument);
        case Verb::data:
            return start_data(command.argument);
        case Verb::bdat:
            return start_chunk(command.argument);
        case Verb::rset:
            if (!command.argument.empty()) return bad(501, "5.5.4", "RSET takes no argument");
            return reset();
        case Verb::noop:
            return reply(250, "2.0.0", "Ok");
        case Verb::quit:
            if (!command.argument.empty()) return bad(501, "5.5.4", "QUIT takes no argument");
            reply(221, "2.0.0", name_ + " closing");
            mode_ = Mode::closed;
            return Event::replied;
        case Verb::vrfy:
            if (command.argument.empty()) return bad(501, "5.5.4", "VRFY needs an address");
            return reply(252, "2.0.0", "Will try to deliver");
        case Verb::help:
            return reply(214, "2.0.0", "See RFC 2033 and maildircrypt-lmtp(8)");
        case Verb::xforward:
            return take_xforward(command.argument);
        case Verb::helo:
            return bad(500, "5.5.1", "This is LMTP: say LHLO");
        case Verb::unimplemented:
            return bad(502, "5.5.1", "Not implemented");
        case Verb::unknown:
            return bad(500, "5.5.1", "Unknown command");
    }
    return Event::replied;
}

Session::Event Session::greet(std::string_view argument) {
    if (argument.empty() || argument.find_first_of(" \t") != argument.npos)
        return bad(501, "5.5.4", "LHLO needs the name of the client");
    const bool abandoned = has_sender_;
    end_transaction();
    greeted_ = true;
    replies_ += "250-" + name_ + "\r\n250-PIPELINING\r\n250-SIZE";
    if (offer_.size_limit > 0) replies_ += ' ' + std::to_string(offer_.size_limit);
    replies_ += "\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n";
    if (offer_.dsn) replies_ += "250-DSN\r\n";
    if (!offer_.xforward.empty()) {
        replies_ += "250-XFORWARD";
        for (const auto& attribute : offer_.xforward) replies_ += ' ' + attribute;
        replies_ += "\r\n";
    }
    replies_ += "250 CHUNKING\r\n";
    return abandoned ? Event::abandoned : Event::replied;
}

Session::Event Session::take_xforward(std::string_view argument) {
    if (offer_.xforward.empty()) return bad(502, "5.5.1", "Not implemented");
    if (!greeted_ || has_sender_) return bad(503, "5.5.1", "XFORWARD comes before MAIL");
    const auto parsed = parse_path("FROM:<> " + std::string{argument}, "FROM:");
    if (!parsed) return bad(501, "5.5.4", "XFORWARD is malformed");
    if (const auto refusal = check_trace(parsed->parameters, offer_))
        return bad(refusal->code, refusal->enhanced, refusal->text);
    for (const auto& parameter : parsed->parameters) {
        std::erase_if(xforward_, [&](const Parameter& old) { return old.name == parameter.name; });
        xforward_.push_back(parameter);
    }
    return reply(250, "2.0.0", "Ok");
}

Session::Event Session::take_sender(std::string_view argument) {
    if (!greeted_) return bad(503, "5.5.1", "Say LHLO first");
    if (has_sender_) return bad(503, "5.5.1", "A transaction is open");
    const auto path = parse_path(argument, "FROM:");
    if (!path) return bad(501, "5.5.4", path.error().what);
    Sender sender{path->text, {}, false, {}, xforward_};
    if (const auto refusal = take_sender_parameters(sender, *path, offer_)) {
        replies_ += refusal->render();
        return Event::replied;
    }
    sender_ = std::move(sender);
    has_sender_ = true;
    xforward_.clear();
    return reply(250, "2.1.0", "Ok");
}

Session::Event Session::take_recipient(std::string_view argument) {
    if (!has_sender_ || chunking_) return bad(503, "5.5.1", "MAIL comes first");
    const auto path = parse_path(argument, "TO:");
    if (!path) return bad(501, "5.5.4", path.error().what);
    if (path->text == "<>") return bad(501, "5.1.3", "The address is empty");
    if (const auto refusal = check_recipient_parameters(*path, offer_))
        return bad(refusal->code, refusal->enhanced, refusal->text);
    if (recipients_.size() >= max_recipients) return reply(452, "4.5.3", "Too many recipients");
    candidate_ = {path->text, path->parameters};
    return Event::recipient;
}

void Session::answer_recipient(const Reply& answer) {
    replies_ += answer.render();
    if (answer.accepts()) recipients_.push_back(std::move(candidate_));
    candidate_ = {};
}

Session::Event Session::reset() {
    const bool abandoned = has_sender_;
    end_transaction();
    reply(250, "2.0.0", "Ok");
    return abandoned ? Event::abandoned : Event::replied;
}

void Session::end_transaction() {
    has_sender_ = false;
    sender_ = {};
    xforward_.clear();
    recipients_.clear();
    chunking_ = in_message_ = false;
    overflow_.reset();
    size_ = 0;
}

Session::Event Session::start_data(std::string_view argument) {
    if (!argument.empty()) return bad(501, "5.5.4", "DATA takes no argument");
    if (chunking_) return bad(503, "5.5.1", "BDAT has begun");
    if (!has_sender_) return bad(503, "5.5.1", "MAIL comes first");
    if (recipients_.empty()) return bad(503, "5.5.1", "No recipient was accepted");
    replies_ += "354 End data with <CR><LF>.<CR><LF>\r\n";
    mode_ = Mode::data;
    dots_ = {};
    in_message_ = true;
    return Event::begin;
}

Session::Event Session::read_data(std::string_view& input) {
    while (!input.empty()) {
        const auto piece = dots_.next(input);
        if (piece.end) {
            mode_ = Mode::command;
            return end_message();
        }
        if (!piece.content.empty()) {
            const Event event = take_content(piece.content);
            if (event != Event::need_input) return event;
        }
    }
    return Event::need_input;
}

/// RFC 3030 §2. A size that cannot be read leaves no way to find the next command.
Session::Event Session::start_chunk(std::string_view argument) {
    const auto chunk = parse_chunk(argument);
    if (!chunk) {
        bad(501, "5.5.4", "BDAT needs a size");
        dismiss("cannot find the next command");
        return Event::replied;
    }
    chunk_ = *chunk;
    chunk_left_ = chunk->size;
    chunk_refused_ = !has_sender_ || recipients_.empty();
    mode_ = Mode::chunk;
    if (chunk_refused_ || std::exchange(chunking_, true)) return Event::replied;
    in_message_ = true;
    return Event::begin;
}

Session::Event Session::read_chunk(std::string_view& input) {
    if (chunk_left_ == 0) return end_chunk();
    if (input.empty()) return Event::need_input;
    const std::size_t count =
        chunk_left_ < input.size() ? static_cast<std::size_t>(chunk_left_) : input.size();
    const auto content = input.substr(0, count);
    input.remove_prefix(count);
    chunk_left_ -= count;
    if (chunk_refused_) return Event::replied;
    const Event event = take_content(content);
    return event == Event::need_input ? Event::replied : event;
}

Session::Event Session::end_chunk() {
    mode_ = Mode::command;
    if (chunk_refused_) return bad(503, "5.5.1", "No recipient was accepted");
    if (chunk_.last) return end_message();
    if (overflow_) {
        replies_ += overflow_->render();
        return Event::replied;
    }
    return reply(250, "2.0.0", std::to_string(chunk_.size) + " octets received");
}

/// need_input when there is nothing for the caller to do.
Session::Event Session::take_content(std::string_view content) {
    if (overflow_) return Event::need_input;
    size_ += content.size();
    if (offer_.size_limit > 0 && size_ > offer_.size_limit) {
        overflow_ = Reply{552, "5.3.4", "The message is larger than the limit", {}};
        in_message_ = false;
        return Event::abandoned;
    }
    content_ = content;
    return Event::content;
}

Session::Event Session::end_message() {
    if (!overflow_) return Event::end;
    const std::vector<Reply> replies(recipients_.size(), *overflow_);
    answer_message(replies);
    return Event::replied;
}

void Session::answer_message(std::span<const Reply> replies) {
    for (const auto& answer : replies) replies_ += answer.render();
    bad_commands_ = 0;
    end_transaction();
}

}  // namespace maildircrypt::lmtp
