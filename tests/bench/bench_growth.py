#!/usr/bin/python3
"""How the guard's time for a message grows with its size, with the sessions at once, and with the keys in the store.

Straight into the guard, without an MTA, into Maildirs. Writes build/GROWTH, a table, and build/growth.svg.
"""

import contextlib
import json
import random
import sqlite3
import statistics
import subprocess
import sys
import time

import deliveries
from deliveries import Base, QUICK, USERS

import harness
import lmtp_guard

SIZES = [1000, 10_000, 100_000, 1_000_000, 10_000_000] + ([] if QUICK else [100_000_000])
SESSIONS = [1, 2, 4, 8, 16, 32, 64]
MANY = 10_000  # addresses, from which on no message goes to the address of another one
KEYS = [10, 1000, 10_000] + ([] if QUICK else [100_000, 1_000_000])
ROUNDS = 2 if QUICK else 3
SECONDS = 0.5 if QUICK else 2  # that a measurement takes, about
NUMBERED = "key@sealed.test"
GNUPLOT = """\
set terminal svg size 960,320 font "sans,11"
set output "growth.svg"
set multiplot layout 1,3
set logscale xy
set key off
set grid
set format y "%g"
set ylabel "ms a message"
set xlabel "octets of the message, one session"
set format x "10^{%T}"
plot "GROWTH" index 0 using 1:2 with linespoints pt 7
set xlabel "sessions at once, 10 kB"
set format x "%g"
plot "GROWTH" index 1 using 1:2 with linespoints pt 7
set xlabel "addresses with keys, 10 kB"
set format x "10^{%T}"
plot "GROWTH" index 2 using 1:2 with linespoints pt 7
"""


def send(guard, users, size, sessions, messages):
    """Seconds a message. Each user's mail comes in sessions of its own."""
    each = max(1, messages // len(users))
    commands = [["smtp-source", "-L", "-d", "-s", str(min(max(1, sessions // len(users)), each)), "-l",
                 str(size), "-m", str(each), "-f", "ada@out.test", "-t", user,
                 f"unix:{guard.socket}"] for user in users]
    started = time.monotonic()
    for source in [subprocess.Popen(command) for command in commands]:
        if source.wait() != 0:
            raise RuntimeError("smtp-source failed")
    return (time.monotonic() - started) / (each * len(users))


def measure(guard, users, size, sessions, way=send):
    """The median of the rounds: milliseconds a message."""
    first = send(guard, users[:1], size, 1, 1)
    messages = max(len(users) * 2, min(2000, int(SECONDS / first)))
    return 1000 * statistics.median(way(guard, users, size, sessions, messages)
                                    for _ in range(ROUNDS))


def send_to_each(guard, _, size, sessions, messages):
    """Likewise, each message to an address of its own, so that keyd is asked for each."""
    started = time.monotonic()
    subprocess.run(["smtp-source", "-L", "-d", "-N", "-s", str(sessions), "-l", str(size), "-m",
                    str(messages), "-f", "ada@out.test", "-t", NUMBERED, f"unix:{guard.socket}"],
                   check=True)
    return (time.monotonic() - started) / messages


def fill(base, count):
    """The first user's keys for `count` more addresses, past keyd: it would check each certificate."""
    base.keyd.stop()
    with contextlib.closing(sqlite3.connect(base.keyd.directory / "keys.sqlite")) as store, store:
        answer, *row = store.execute("SELECT answer, version, state, expires, valid_until FROM addresses "
                            "WHERE name = ?", [USERS[0]]).fetchone()
        have = store.execute("SELECT count(*) FROM addresses").fetchone()[0]
        new = [f"{number + 1}{NUMBERED}" for number in range(have - len(USERS), count - len(USERS))]
        store.executemany("INSERT INTO addresses (name, answer, version, state, expires, "
                          "valid_until) VALUES (?, ?, ?, ?, ?, ?)",
                          ((name, answer.replace(USERS[0], name), *row) for name in new))
        store.execute("UPDATE store SET addresses = (SELECT count(*) FROM addresses)")
    base.keyd.start()
    return new or USERS


def with_keys(base, guard):
    chosen = random.Random(1)
    for count in KEYS:
        users = fill(base, count)
        sample = chosen.sample(users, 8)
        yield count, measure(guard, sample, 10_000, 8, send if count < MANY else send_to_each)


def tables(base, guard):
    yield "octets of a message, one session", [
        (size, measure(guard, USERS[:1], size, 1)) for size in SIZES]
    yield "sessions at once, 10 kB", [
        (count, measure(guard, USERS[:min(count, 8)], 10_000, count)) for count in SESSIONS]
    yield (f"addresses with keys in the store, 8 sessions, 10 kB, from {MANY} on each message to another",
           list(with_keys(base, guard)))


def write(found):
    text = []
    for name, points in found:
        text.append(f"# {name}: milliseconds a message\n" +
                    "".join(f"{at:12} {value:12.3f}\n" for at, value in points))
    (harness.BUILD / "GROWTH").write_text("\n\n".join(text))
    subprocess.run(["gnuplot"], input=GNUPLOT, text=True, check=True, cwd=harness.BUILD)


def main():
    if deliveries.why_not():
        sys.exit(deliveries.why_not())
    base = Base()
    guard = lmtp_guard.start(base, f"maildir:{base.new('maildirs')}/%u")
    try:
        found = list(tables(base, guard))
    finally:
        guard.stop()
        base.keyd.stop()
    write(found)
    for name, points in found:
        print(json.dumps({"name": f"ms a message by {name}",
                          **{str(at): round(value, 3) for at, value in points}}))


if __name__ == "__main__":
    main()
