/// How long a thread of libmilter's pool waits for the next command of its connection.
///
/// libmilter waits a millisecond and then gives the connection back to its pool: a pipe, two other
/// threads and often a new one. maildircrypt-milter's copy of it (Makefile) waits longer, and gives
/// the connection back at once when another one has commands and no thread. That happens because
/// libmilter counts a thread as idle until it has woken up: it signals one thread for several
/// connections, and the rest wait for the first thread that comes back (worker.c and engine.c of
/// sendmail 8.17).
#pragma once

#include <poll.h>
#include <pthread.h>

namespace maildircrypt {

/// Milliseconds: what libmilter asks poll(2) to wait, and what is waited instead.
inline constexpr int pool_patience = 1;
inline constexpr int own_patience = 50;

/// As poll(2) of this connection alone, which says 0 after own_patience, or when a connection was
/// left over and the caller is the one to come back for it. Any thread may call.
int await_command(pollfd& connection);

/// Whether a connection was left over and no thread has come back since. Any thread may call.
bool one_is_left_over();

}  // namespace maildircrypt

// In the place of the functions that they are named after, under the lock of libmilter's pool,
// which alone uses them.
extern "C" {
/// When all that wait are woken already, a connection is left over.
int libmilter_cond_signal(pthread_cond_t* condition);
/// Who waits has found no connection without a thread.
int libmilter_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* lock, const timespec* end);
/// The same, by the name that 32-bit systems with 64-bit times have for it.
int libmilter_cond_timedwait64(pthread_cond_t* condition, pthread_mutex_t* lock,
                               const timespec* end);
}
