#!/usr/bin/python3
"""Whole deliveries of 10 kB messages, 10 sessions at once: through the guard and without it.

Each subject is a private Postfix and what stands behind it. They take turns, round by round, and only
one of them runs at a time; the medians are compared.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import dovecot
import harness
import lmtp_guard
import postfix
import smtp
import testkeys
from keyd import Keyd
from processes import wait_until

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
MESSAGES = int(os.environ.get("BENCH_MESSAGES", "600"))
SESSIONS = 10
SIZE = 10000  # octets
USERS = [f"u{number}@sealed.test" for number in range(SESSIONS)]
CRYPT_PLUGIN = """\
  mail_crypt_global_public_key = <{directory}/public.pem
  mail_crypt_save_version = 2
"""


class Base:
    """What stand.Stand is, with ten users of one kind of key."""

    def __init__(self):
        self.directory = harness.temporary_directory()
        self.programs = harness.install_programs(self.directory / "bin")
        self.keyd = Keyd(self.directory / "keyd", self.programs)
        for address in USERS:
            self.keyd.cli("--any-user-id", "add", address, str(testkeys.certificate("cv25519")))


class Subject:
    """`stored` counts the messages that are in the mailboxes."""

    def __init__(self, name, mta, stored, servers):
        self.name = name
        self.mta = mta
        self.stored = stored
        self.servers = servers
        self.rates = []

    def run(self, messages):
        """Messages a second, from the first octet to the empty queue."""
        before = self.stored()
        each = messages // SESSIONS
        started = time.monotonic()
        sources = [subprocess.Popen(["smtp-source", "-s", "1", "-m", str(each), "-l", str(SIZE), "-f",
                                     "ada@out.test", "-t", user, f"127.0.0.1:{self.mta.port}"])
                   for user in USERS]
        for source in sources:
            if source.wait() != 0:
                raise RuntimeError(f"{self.name}: smtp-source failed")
        wait_until(lambda: self.stored() - before >= each * SESSIONS, f"{self.name}: all is stored",
                   300)
        seconds = time.monotonic() - started
        wait_until(lambda: not self.mta.queue(), f"{self.name}: the queue is empty")
        return each * SESSIONS / seconds


def count(pattern, directory):
    def stored():
        return sum(len(os.listdir(path)) for path in directory.glob(pattern))
    return stored


def through_guard_into_maildirs(base):
    maildirs = base.directory / "maildirs"
    maildirs.mkdir()
    maildirs.chmod(0o777)
    guard = lmtp_guard.start(base, f"maildir:{maildirs}/%u")
    mta = postfix.Postfix(base.directory / "p1", USERS,
                          services=[(lmtp_guard.EXAMPLES / "postfix-lmtp.master.cf").read_text()],
                          main=lmtp_guard.settings("postfix-lmtp.main.cf", guard.socket))
    return Subject("guard to Maildir, durable", mta, count("*/new", maildirs), [mta, guard])


def into_dovecot(base, name, guarded=False, **options):
    place = base.directory / name.replace(" ", "")
    imap = dovecot.Dovecot(place, USERS, **options)
    servers = [imap]
    socket = imap.socket
    if guarded:
        guard = lmtp_guard.start(base, f"lmtp:unix:{imap.socket}")
        servers.insert(0, guard)
        socket = guard.socket
    mta = postfix.Postfix(place / "p", USERS, main={"virtual_transport": f"lmtp:unix:{socket}"})
    return Subject(name, mta, count("*/Maildir/new", imap.mail), [mta, *servers])


def crypt_options(base):
    """Dovecot's own encryption at rest, to one key for all."""
    private = subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey"], check=True,
                             capture_output=True).stdout
    public = subprocess.run(["openssl", "pkey", "-pubout"], input=private, check=True,
                            capture_output=True).stdout
    (base.directory / "public.pem").write_bytes(public)
    return {"mail_plugins": "quota mail_crypt",
            "plugin": CRYPT_PLUGIN.format(directory=base.directory)}


def main():
    why = postfix.available() or dovecot.available()
    if why:
        print(f"bench_lmtp: skipped: {why}", file=sys.stderr)
        return
    base = Base()
    ours = through_guard_into_maildirs(base)
    crypt = into_dovecot(base, "Dovecot with mail_crypt", **crypt_options(base))
    plain = into_dovecot(base, "Dovecot")
    both = into_dovecot(base, "guard to Dovecot", guarded=True)
    subjects = [ours, crypt, plain, both]
    try:
        for subject in subjects:
            subject.run(SESSIONS * 5)  # warm
        for _ in range(ROUNDS):
            for subject in subjects:
                subject.rates.append(subject.run(MESSAGES))
    finally:
        for subject in subjects:
            for server in subject.servers:
                server.stop()
        base.keyd.stop()
    rate = {subject: statistics.median(subject.rates) for subject in subjects}
    for subject in subjects:
        print(json.dumps({"name": f"Postfix -> {subject.name}, 10 kB, 10 sessions",
                          "messages_per_second": rate[subject]}))
    for row, ratio, least in (
            ("Postfix -> guard -> Maildir / Postfix -> Dovecot with mail_crypt",
             rate[ours] / rate[crypt], 2.0),
            ("Postfix -> guard -> Dovecot / Postfix -> Dovecot", rate[both] / rate[plain], 0.85)):
        print(json.dumps({"row": row, "ratio": ratio, "at_least": least, "reached": ratio >= least}))


if __name__ == "__main__":
    main()
