/// The limits of the LMTP server, each tested at its edge. Options may lower or raise those that
/// say so.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace maildircrypt::lmtp {

/// Octets of a command line with its CRLF: RFC 5321 §4.5.3.1.4 wants 512, the extensions that are
/// offered add about 1,100 (RFC 1870, 3461, 6152, 6531). Lines of content have no limit.
inline constexpr std::size_t max_command_line = 2048;
/// Accepted recipients of one message; RFC 5321 §4.5.3.1.8 wants 100.
inline constexpr std::size_t max_recipients = 1000;
/// Recipients of all messages in flight: each costs a sealer and, for a Maildir, three descriptors.
inline constexpr std::size_t max_recipients_in_flight = 2000;
/// Octets that the headers of all messages in flight take in memory, three for each octet of a
/// header: one of max_header fits twice, and with the default --spill-memory all stays below 64
/// MiB.
inline constexpr std::size_t max_header_memory = 32 * 1024 * 1024;
/// Commands that were not understood or came out of turn, per message; then the peer is let go.
inline constexpr int max_bad_commands = 50;
/// Octets of replies that wait to be written before the next command is read.
inline constexpr std::size_t max_pending_replies = 8 * 1024;
/// Octets read from a peer at once, and handed on at once.
inline constexpr std::size_t read_size = 16 * 1024;
/// Octets of content that are worth a job of their own: a smaller message is one job, with its
/// delivery.
inline constexpr std::size_t job_size = 16 * 1024;

inline constexpr std::size_t default_connections = 200;                    ///< --connections
inline constexpr std::uint64_t default_size_limit = 512ULL * 1024 * 1024;  ///< --size-limit, octets
/// --idle-time: for a whole command line, for the next octets of content, for taking our replies.
inline constexpr std::chrono::seconds default_idle_time{300};
/// For all of a message's content, so that no peer holds one open for ever.
inline constexpr std::chrono::seconds message_deadline{30 * 60};
/// From the end of a message to its last reply: below Postfix's lmtp_data_done_timeout (600 s), so
/// that it hears our answer and does not send again what was delivered.
inline constexpr std::chrono::seconds delivery_deadline{540};
/// --next-timeout: for one answer of the next hop.
inline constexpr std::chrono::seconds default_next_timeout{120};
inline constexpr std::chrono::seconds connect_timeout{20};  ///< to the next hop, LHLO included
/// After SIGTERM, for messages in flight.
inline constexpr std::chrono::seconds stop_grace{60};

/// Of the next hop: octets of a reply line, lines of a reply.
inline constexpr std::size_t max_reply_line = 2048;
inline constexpr std::size_t max_reply_lines = 128;
/// Octets of the next hop's text that are handed on.
inline constexpr std::size_t max_reply_text = 400;
/// Connections to the next hop that are kept open, and for how long.
inline constexpr std::size_t max_idle_connections = 32;
inline constexpr std::chrono::seconds idle_connection_time{20};
/// Commands sent before their replies are read, where the next hop offers PIPELINING.
inline constexpr std::size_t pipeline_window = 32;

}  // namespace maildircrypt::lmtp
