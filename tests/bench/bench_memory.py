#!/usr/bin/python3
"""Peak memory: of one large message, and of very many at once."""

import json
import pathlib
import resource
import subprocess
import sys

import deliveries
from deliveries import Base, USERS

import lmtp_guard
from lmtp import Client
from milter_client import MilterClient, new_body
from processes import wait_until

MB = 1000 * 1000
LARGE = 100 * MB
SESSIONS = 200
FIELDS = [("From", " ada@out.test"), ("To", f" {USERS[0]}"), ("Subject", " hidden")]
PIECE = 65000


def peak(pid):
    """The most resident memory so far, in MB; 0 when the process is no more."""
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / MB if "VmHWM" in status else 0


def children(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []


def text(size):
    line = b"a line of the message, and another word or two to make it long enough\r\n"
    return line * (size // len(line) + 1)


def pipe(base):
    """The supervisor's and the worker's together, looked at while they run."""
    maildirs = base.new("maildirs")
    letter = base.directory / "large"
    letter.write_bytes(b"From: ada@out.test\nSubject: x\n\n" + text(LARGE).replace(b"\r", b""))
    peaks = {}
    with open(letter, "rb") as stdin:
        argv = [base.programs / "maildircrypt-pipe", "--recipient", USERS[0], "--keyd",
                base.keyd.socket, "--maildir", f"{maildirs}/%u"]
        process = subprocess.Popen(argv, stdin=stdin)

    def ended():
        for pid in (process.pid, *children(process.pid)):
            peaks[pid] = max(peak(pid), peaks.get(pid, 0))
        return process.poll() is not None

    wait_until(ended, "the pipe ends", 120)
    sizes = [path.stat().st_size for path in (maildirs / "u0/new").iterdir()]
    if process.returncode != 0 or len(peaks) != 2 or min(sizes) < LARGE:
        raise RuntimeError(f"the pipe ended with {process.returncode}, {len(peaks)} processes")
    letter.unlink()
    return sum(peaks.values())


def milter_client(milter):
    client = MilterClient(milter.socket)
    client.negotiate()
    client.connect()
    return client


def start_message(client, user):
    assert client.mail() == "continue" and client.recipient(user) == "continue"
    assert client.data() == "continue"
    for name, value in FIELDS:
        client.field(name, value)
    client.end_of_header()


def send_body(client, body):
    for at in range(0, len(body), PIECE):
        client.body(body[at:at + PIECE])


def end_message(client, size):
    edits, answer = client.end_of_message()
    if answer != "continue" or len(new_body(edits)) < size:
        raise RuntimeError(f"the milter answers {answer}")


def milter_large(base):
    milter = base.milter("--size-limit", "0")
    idle = peak(milter.pid)
    with milter_client(milter) as client:
        start_message(client, USERS[0])
        send_body(client, text(LARGE))
        end_message(client, LARGE)
    used = peak(milter.pid) - idle
    milter.kill()
    return used


def milter_many(base):
    """All of them are in the middle of their message before the first one ends."""
    milter = base.milter()
    idle = peak(milter.pid)
    half = text(MB)[:MB // 2]
    clients = [milter_client(milter) for _ in range(SESSIONS)]
    for number, client in enumerate(clients):
        start_message(client, USERS[number % len(USERS)])
        send_body(client, half)
    for client in clients:
        send_body(client, half)
    for client in clients:
        end_message(client, 2 * len(half))
        client.close()
    used = peak(milter.pid) - idle
    milter.kill()
    return used


def guard_many(base):
    maildirs = base.new("guarded")
    guard = lmtp_guard.start(base, f"maildir:{maildirs}/%u", ["--connections", SESSIONS])
    half = text(MB)[:MB // 2]
    clients = [Client(guard.socket) for _ in range(SESSIONS)]
    for number, client in enumerate(clients):
        client.envelope("ada@out.test", [USERS[number % len(USERS)]])
        client.say("DATA")
        client.raw(b"From: ada@out.test\r\n\r\n" + half)
    for client in clients:
        client.raw(half + b"\r\n.\r\n")
    for client in clients:
        if not client.reply().startswith("250"):
            raise RuntimeError("the guard did not store a message")
        client.close()
    used = peak(guard.pid)
    guard.stop()
    return used


def main():
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    base = Base()
    try:
        for row, measure, most in (
                ("sealing 100 MB: peak memory of our pipe, both processes", pipe, 16),
                ("sealing 100 MB: peak memory of our milter, above idle", milter_large, 16),
                ("200 sessions with 1 MB each at once: peak memory of our milter, above idle",
                 milter_many, 64),
                ("200 connections with 1 MB each at once: peak memory of our guard", guard_many,
                 64)):
            print(json.dumps({"row": row, "megabytes": measure(base), "at_most": most}), flush=True)
    finally:
        base.keyd.stop()


if __name__ == "__main__":
    sys.exit(main())
