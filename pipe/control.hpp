/// What the pipe's supervisor and its worker say to each other. Needs nothing but libc, as the
/// supervisor does.
///
/// They share a SOCK_SEQPACKET pair, one message a packet. The worker says, in this order:
///   filter            the sealed message goes to standard output, texts go to standard error
///   deadline SECONDS  what the configuration file asks for
///   synced NANOSECONDS  everything is on disk but not visible; the number is CLOCK_MONOTONIC when
///                     its input ended
///   delivered         visible and synced; an exit status of 0 counts only after it
///   text LINE         the status line for the sender, for an end with 75 or 77
/// The supervisor says `go` after `synced`, once, and only while the MTA's process lives.
#pragma once

#include <cstddef>
#include <string_view>

namespace maildircrypt {

inline constexpr int control_fd = 3;  ///< the worker's end of the pair
inline constexpr int output_fd = 4;   ///< the MTA's or filter user's standard output

inline constexpr std::size_t max_control_message = 256;  ///< octets

inline constexpr std::string_view control_filter = "filter";
inline constexpr std::string_view control_deadline = "deadline ";
inline constexpr std::string_view control_synced = "synced ";
inline constexpr std::string_view control_delivered = "delivered";
inline constexpr std::string_view control_text = "text ";
inline constexpr std::string_view control_go = "go";

/// The only statuses that the pipe ends with. 75 is the one that Postfix and Exim both defer on, 77
/// one that both bounce on (EX_TEMPFAIL and EX_NOPERM of sysexits.h).
inline constexpr int exit_delivered = 0;
inline constexpr int exit_deferred = 75;
inline constexpr int exit_rejected = 77;

/// What the sender may read when nothing better is known: no path, no key, no address.
inline constexpr std::string_view deferred_line =
    "4.3.0 The message could not be stored now and will be tried again";

/// Octets of a status line, its line end not counted.
inline constexpr std::size_t max_status_line = 160;

/// Seconds that a delivery may take: below every MTA's default (Postfix pipe(8) 1000, Exim 3600).
inline constexpr int default_deadline = 600;
inline constexpr int max_deadline = 24 * 60 * 60;

}  // namespace maildircrypt
