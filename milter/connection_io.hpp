/// libmilter's reading from its connections, with fewer system calls.
///
/// For each command, and Postfix sends two for every header field, libmilter polls, reads five
/// octets, polls, reads the rest, and polls for the next one. These functions stand in the place of
/// those that they are named after in the copy of libmilter that maildircrypt-milter is linked with
/// (Makefile), and nowhere else. What has arrived on a connection is taken at once and handed out
/// as libmilter asks for it; a poll of that connection alone says so. A connection that ends behind
/// what is held ends when that is used up. libmilter's wait for the next command is
/// await_command() (milter/pool_patience.hpp).
///
/// A connection belongs to one thread at a time and is not in the pool while octets of it are held
/// (engine.c and worker.c of sendmail 8.17); threads hand it on under the pool's lock. The pool's
/// own poll, of many, looks at the sockets alone: it may still name a connection that is closed,
/// and whose number another thread has by now.
#pragma once

#include <cstddef>

#include <poll.h>
#include <sys/types.h>

namespace maildircrypt {

/// Held per connection at most, and wiped as they are handed out; larger reads go past it.
inline constexpr std::size_t read_ahead_octets = 16 * 1024;
/// Connections with a higher descriptor are read without: as many as our unit allows.
inline constexpr int read_ahead_descriptors = 16'384;

}  // namespace maildircrypt

// Results and errors are those of poll(2), read(2) and close(2).
extern "C" {
int libmilter_poll(pollfd* watched, nfds_t count, int timeout);
ssize_t libmilter_read(int fd, void* target, std::size_t size);
int libmilter_close(int fd);

/// What a compiler puts in the place of poll and read where it knows how much room there is. Abort
/// when it does not suffice.
int libmilter_poll_chk(pollfd* watched, nfds_t count, int timeout, std::size_t room);
ssize_t libmilter_read_chk(int fd, void* target, std::size_t size, std::size_t room);
}
