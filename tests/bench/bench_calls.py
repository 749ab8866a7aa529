#!/usr/bin/python3
"""The system calls of one delivery of 10 kB, and the octets that cross into and out of the kernel. CALLS says what
each is for."""

import collections
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import deliveries
from deliveries import Base, USERS

import dovecot
import lmtp_guard
from milter_client import MilterClient
from processes import wait_until

MESSAGES = 50
SIZE = 10000
BODY = (b"x" * 78 + b"\r\n") * (SIZE // 80)
IN = {"read", "readv", "recvfrom", "recvmsg", "pread64"}
OUT = {"write", "writev", "sendto", "sendmsg"}
LINE = re.compile(r"\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)")


def summary(log, messages):
    """Of strace's log. A call that was interrupted by another thread's stands on two lines: it counts once."""
    calls, octets = collections.Counter(), collections.Counter()
    for line in log.read_text(errors="replace").splitlines():
        found = LINE.match(line)
        if not found:
            continue
        name, rest = found.groups()
        if "unfinished ..." not in rest:
            calls[name] += 1
            result = re.search(r"= (\d+)$", rest.split(" (Timeout")[0])
            for kind, names in (("in", IN), ("out", OUT)):
                if result and name in names:
                    octets[kind] += int(result.group(1))
    return {"calls": round(sum(calls.values()) / messages, 1),
            "octets_in": round(octets["in"] / messages),
            "octets_out": round(octets["out"] / messages),
            "each": ", ".join(f"{name} {count / messages:.3g}" for name, count in calls.most_common()
                              if count * 5 >= messages)}


class Trace:
    """strace on a running server, threads included."""

    def __init__(self, pid, log):
        self.log = log
        self.process = subprocess.Popen(["strace", "-f", "-s", "0", "-o", log, "-p", str(pid)],
                                        stderr=subprocess.DEVNULL)
        wait_until(lambda: all(self.is_traced(task) for task in
                               pathlib.Path(f"/proc/{pid}/task").iterdir()), "strace is attached")

    @staticmethod
    def is_traced(task):
        return "TracerPid:\t0\n" not in (task / "status").read_text()

    def end(self):
        self.process.send_signal(signal.SIGINT)
        self.process.wait()
        return summary(self.log, MESSAGES)


def pipe(base):
    maildirs = base.new("maildirs")
    letter = b"From: ada@out.test\nSubject: x\n\n" + BODY.replace(b"\r", b"")
    argv = [base.programs / "maildircrypt-pipe", "--recipient", USERS[0], "--keyd", base.keyd.socket,
            "--maildir", f"{maildirs}/%u"]
    subprocess.run(argv, input=letter, check=True)  # makes the Maildir
    log = base.directory / "pipe.calls"
    subprocess.run(["strace", "-f", "-s", "0", "-o", log, *argv], input=letter, check=True)
    return summary(log, 1)


def milter(base):
    server = base.milter()
    fields = [("From", " ada@out.test"), ("To", f" {USERS[0]}"), ("Subject", " hidden"),
              ("Date", " Mon, 5 Jan 2026 10:00:00 +0000"), ("Message-ID", " <1@out.test>")]

    def message():
        with MilterClient(server.socket) as client:
            client.negotiate()
            client.connect()
            assert client.message([USERS[0]], fields, BODY)[1] == "continue"

    message()
    trace = Trace(server.pid, base.directory / "milter.calls")
    for _ in range(MESSAGES):
        message()
    result = trace.end()
    server.kill()
    return result


def guard(base, next_hop):
    server = lmtp_guard.start(base, next_hop)
    send = ["smtp-source", "-L", "-s", "1", "-l", str(SIZE), "-f", "ada@out.test", "-t", USERS[0]]
    subprocess.run([*send, "-m", "1", f"unix:{server.socket}"], check=True)
    trace = Trace(server.pid, base.directory / f"guard{os.path.basename(server.socket)}.calls")
    subprocess.run([*send, "-m", str(MESSAGES), f"unix:{server.socket}"], check=True)
    result = trace.end()
    server.stop()
    return result


def main():
    if deliveries.why_not():
        sys.exit(deliveries.why_not())
    base = Base()
    imap = dovecot.Dovecot(base.new("imap"), USERS)
    try:
        for name, result in (
                ("our pipe, both processes", pipe(base)), ("our milter", milter(base)),
                ("our guard to Maildir", guard(base, f"maildir:{base.new('maildirs')}/%u")),
                ("our guard to LMTP", guard(base, f"lmtp:unix:{imap.socket}"))):
            print(json.dumps({"name": f"one delivery of 10 kB by {name}", **result}), flush=True)
    finally:
        imap.stop()
        base.keyd.stop()


if __name__ == "__main__":
    main()
