/// The system calls that libmilter makes on its connections, made fewer.
///
/// For each command, and Postfix sends two for every header field, libmilter polls, reads five
/// octets, polls, reads the rest, and polls for the next one. These functions stand in the place of
/// poll(2), read(2) and close(2) in the copy of libmilter that maildircrypt-milter is linked with
/// (Makefile), and nowhere else. They differ from those in two ways only:
///
/// * What has arrived on a connection is taken whole and handed out as libmilter asks for it; a
/// poll
///   says so. Octets are wiped as they are handed out.
/// * libmilter asks (worker.c, engine.c of sendmail 8.17) whether the next command comes within a
///   millisecond, and otherwise gives the connection back to its pool: a pipe, two other threads
///   and often a new one. They wait longer.
///
/// Each descriptor belongs to one thread at a time: libmilter hands connections on under its lock.
#pragma once

#include <cstddef>

#include <poll.h>
#include <sys/types.h>

namespace maildircrypt {

/// Per connection; larger reads go past it.
inline constexpr std::size_t read_ahead_octets = 16 * 1024;
/// Connections with a higher descriptor are read without.
inline constexpr int read_ahead_descriptors = 65'536;
/// Milliseconds: what libmilter waits for the next command, and what is waited instead.
inline constexpr int pool_patience = 1;
inline constexpr int own_patience = 50;

}  // namespace maildircrypt

extern "C" {
int libmilter_poll(pollfd* watched, nfds_t count, int timeout);
ssize_t libmilter_read(int fd, void* target, std::size_t size);
int libmilter_close(int fd);
}
