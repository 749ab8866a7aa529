#!/usr/bin/python3
"""One delivery by maildircrypt-pipe, from start to exit, against the smallest C program that is as durable."""

import json
import statistics
import subprocess

import deliveries
from deliveries import Base

ROUNDS = 60 if deliveries.QUICK else 400
AT_MOST = 2.5


def main():
    base = Base()
    maildirs = base.new("maildirs")
    for part in ("tmp", "new", "cur"):
        (maildirs / "u0" / part).mkdir(parents=True)
    letter = base.directory / "letter"
    letter.write_text("From: ada@out.test\nSubject: x\n\n" + ("x" * 79 + "\n") * 125)
    ours = [base.programs / "maildircrypt-pipe", "--recipient", deliveries.USERS[0], "--keyd",
            base.keyd.socket, "--maildir", f"{maildirs}/%u"]
    floor = [base.floors / "sync_to_maildir", maildirs / "u0"]
    try:
        run = subprocess.run([base.floors / "in_turns", letter, str(ROUNDS), *ours, "--", *floor],
                             stdout=subprocess.PIPE, check=True, text=True)
    finally:
        base.keyd.stop()
    stored = len(list((maildirs / "u0/new").iterdir()))
    if stored != 2 * ROUNDS:
        raise RuntimeError(f"{stored} messages were stored, not {2 * ROUNDS}")
    pairs = [tuple(map(float, line.split())) for line in run.stdout.splitlines()]
    for name, times in zip(("our pipe", "the smallest C program"), zip(*pairs)):
        print(json.dumps({"name": f"one delivery of 10 kB by {name}, start to exit",
                          "microseconds": statistics.median(times)}))
    print(json.dumps({"row": "time of one pipe delivery, start to exit : of the smallest C program",
                      "ratio": statistics.median(a / b for a, b in pairs), "at_most": AT_MOST}))


if __name__ == "__main__":
    main()
