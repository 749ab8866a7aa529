/// The calls that libmilter makes for its connections, made fewer.
///
/// For each command, and Postfix sends two for every header field, libmilter polls, reads five
/// octets, polls, reads the rest, and polls for the next one. These functions stand in the place of
/// those that they are named after in the copy of libmilter that maildircrypt-milter is linked with
/// (Makefile), and nowhere else. They differ from them in this:
///
/// * What has arrived on a connection is taken at once and handed out as libmilter asks for it; a
///   poll of that connection alone says so. Octets are wiped as they are handed out. A connection
///   that ends behind them ends when they are used up.
/// * libmilter waits a millisecond for the next command, and otherwise gives the connection back to
///   its pool: a pipe, two other threads and often a new one. They wait longer, except while a
///   connection has commands and no thread. libmilter takes a thread for idle until it has woken
///   up, wakes it more than once, and leaves the others to whichever thread comes back first.
///
/// A connection belongs to one thread at a time and is not in the pool while octets of it are held
/// (engine.c and worker.c of sendmail 8.17); threads hand it on under the pool's lock.
#pragma once

#include <cstddef>

#include <poll.h>
#include <pthread.h>
#include <sys/types.h>

namespace maildircrypt {

/// Per connection; larger reads go past it.
inline constexpr std::size_t read_ahead_octets = 16 * 1024;
/// Connections with a higher descriptor are read without.
inline constexpr int read_ahead_descriptors = 65'536;
/// Milliseconds: what libmilter waits for the next command, and what is waited instead.
inline constexpr int pool_patience = 1;
inline constexpr int own_patience = 10;

/// Which of the two it is now. Thread-safe.
int patience();

}  // namespace maildircrypt

extern "C" {
int libmilter_poll(pollfd* watched, nfds_t count, int timeout);
ssize_t libmilter_read(int fd, void* target, std::size_t size);
int libmilter_close(int fd);

/// These two under the lock of libmilter's pool, which alone uses them.
int libmilter_cond_signal(pthread_cond_t* condition);
int libmilter_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* lock, const timespec* end);

/// What a compiler puts in the place of poll and read where it knows how much room there is. Abort
/// when it does not suffice.
int libmilter_poll_chk(pollfd* watched, nfds_t count, int timeout, std::size_t room);
ssize_t libmilter_read_chk(int fd, void* target, std::size_t size, std::size_t room);
}
