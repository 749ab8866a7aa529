#!/usr/bin/python3
"""Whole deliveries of 10 kB messages through Postfix, 10 sessions at once: through our programs, and without them.

Each subject is a private Postfix and what stands behind it. They take turns, round by round, in another
order each time, and only one of them runs at a time; a row is the median of the rounds' ratios. Everything lies on
one file system, and every subject's queue and mailboxes are synced as deliveries.py says beside it.
"""

import json
import os
import statistics
import sys

import deliveries
from deliveries import Base, by_dovecot, by_guard, by_pipe, by_postfix

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3" if deliveries.QUICK else "9"))
MESSAGES = int(os.environ.get("BENCH_MESSAGES", "300" if deliveries.QUICK else "600"))
ONLY = os.environ.get("BENCH_SUBJECTS", "").split(",")

NONE = "Postfix, no milter"
REPLACER = "Postfix with a milter that only replaces the body"
MILTER = "Postfix with our milter"
CRYPT = "Postfix to Dovecot LMTP with mail_crypt"
DOVECOT = "Postfix to Dovecot LMTP"
GUARD = "Postfix to our guard to Maildir, durable"
GUARDED = "Postfix to our guard to Dovecot LMTP"
PIPE = "Postfix pipe(8) to our pipe, durable"
FLOOR = "Postfix pipe(8) to the smallest C program, durable"

ROWS = [(MILTER, REPLACER, 0.95), (MILTER, NONE, 0.8), (MILTER, CRYPT, 2.0), (PIPE, FLOOR, 0.8),
        (GUARD, CRYPT, 2.0), (GUARDED, DOVECOT, 0.85)]


def pipe_argv(base):
    return lambda maildirs: [base.programs / "maildircrypt-pipe", "--recipient", "${recipient}",
                             "--sender", "${sender}", "--queue-id", "${queue_id}", "--keyd",
                             base.keyd.socket, "--maildir", f"{maildirs}/%u"]


def floor_argv(base):
    return lambda maildirs: [base.floors / "sync_to_maildir", f"{maildirs}/${{user}}"]


def subjects(base):
    makers = {
        NONE: lambda: by_postfix(base, NONE),
        REPLACER: lambda: by_postfix(base, REPLACER, base.body_replacer()),
        MILTER: lambda: by_postfix(base, MILTER, base.milter()),
        CRYPT: lambda: by_dovecot(base, CRYPT, **deliveries.crypt_options(base)),
        DOVECOT: lambda: by_dovecot(base, DOVECOT),
        GUARD: lambda: by_guard(base, GUARD),
        GUARDED: lambda: by_dovecot(base, GUARDED, guarded=True),
        PIPE: lambda: by_pipe(base, PIPE, pipe_argv(base)),
        FLOOR: lambda: by_pipe(base, FLOOR, floor_argv(base)),
    }
    for name, make in makers.items():
        if any(word in name for word in ONLY):
            yield make()


def measure(measured):
    for subject in measured:
        subject.run(deliveries.SESSIONS * 5)  # warm
        subject.processor.clear()
    for number in range(ROUNDS):
        turn = number % len(measured)
        for subject in measured[turn:] + measured[:turn]:
            subject.rates.append(subject.run(MESSAGES))


def report(measured):
    for name, subject in measured.items():
        print(json.dumps({"name": f"{name}, 10 kB, 10 sessions",
                          "messages_per_second": statistics.median(subject.rates),
                          "milliseconds_of_processor_per_message":
                              1000 * statistics.median(subject.processor)}))
    for ours, other, least in ROWS:
        if ours in measured and other in measured:
            pairs = zip(measured[ours].rates, measured[other].rates)
            print(json.dumps({"row": f"{ours} : {other}", "at_least": least,
                              "ratio": statistics.median(a / b for a, b in pairs)}))


def main():
    why = deliveries.why_not()
    if why:
        sys.exit(f"bench_mta: {why}")
    base = Base()
    measured = []
    try:
        for subject in subjects(base):
            measured.append(subject)
        measure(measured)
    finally:
        for subject in measured:
            subject.stop()
        base.keyd.stop()
    report({subject.name: subject for subject in measured})


if __name__ == "__main__":
    main()
