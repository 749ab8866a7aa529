"""Whole deliveries for the benchmarks: a private Postfix, what stands behind or beside it, a count of what arrived."""

import itertools
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import dovecot
import gpg
import harness
import lmtp_guard
import postfix
import testkeys
from keyd import Keyd
from processes import Server, wait_until
from stand import MAILBOX_USER, MILTER_USER

QUICK = bool(os.environ.get("QUICK"))
SESSIONS = 10
USERS = [f"u{number}@{gpg.DOMAIN}" for number in range(SESSIONS)]
FLOORS = harness.BUILD / "bench"
TICKS = os.sysconf("SC_CLK_TCK")
CRYPT_PLUGIN = """\
  mail_crypt_global_public_key = <{directory}/public.pem
  mail_crypt_save_version = 2
"""
PIPE_SERVICE = """\
timed     unix  -       n       n       -       10      pipe
  flags=DRXq user={user}:nogroup
  argv={argv}
"""
PIPE_MAIN = {"virtual_transport": "timed", "timed_destination_recipient_limit": "1"}


class Base:
    """What stand.Stand is, with ten users of one kind of key."""

    def __init__(self):
        self.directory = harness.temporary_directory()
        self.numbers = itertools.count()
        self.programs = harness.install_programs(self.directory / "bin")
        self.floors = harness.install_programs(self.directory / "floors", FLOORS)
        self.keyd = Keyd(self.directory / "keyd", self.programs)
        for address in USERS:
            self.keyd.cli("--any-user-id", "add", address, str(testkeys.certificate("cv25519")))

    def new(self, prefix):
        """A directory in which everybody may write; its path has no characters with a meaning."""
        path = self.directory / f"{prefix}{next(self.numbers)}"
        path.mkdir()
        path.chmod(0o777)
        return path

    def milter(self, *options):
        """Our milter; it has `socket`."""
        place = self.new("milter")
        return self.with_socket([self.programs / "maildircrypt-milter", "--socket",
                                 f"unix:{place}/socket", "--socket-mode", "666", "--keyd",
                                 self.keyd.socket, "--spill-directory", place, "--log", "stderr",
                                 *options], place, notify=True)

    def body_replacer(self):
        place = self.new("replacer")
        return self.with_socket([self.floors / "body_replacer", place / "socket"], place)

    def with_socket(self, argv, place, notify=False):
        server = Server(argv, place / "log", user=MILTER_USER, group="games", notify=notify)
        server.socket = place / "socket"
        wait_until(server.socket.exists, f"{argv[0]} listens")
        return server


def processor_seconds(servers):
    """Of these processes and everything they started: so far."""
    parents, seconds = {}, {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended, and its parent counts it
        parents[int(entry.name)] = int(fields[1])
        seconds[int(entry.name)] = sum(map(int, fields[11:15])) / TICKS
    wanted = {server.pid for server in servers}
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in wanted} - wanted
        wanted |= more
        grown = bool(more)
    return sum(seconds.get(pid, 0) for pid in wanted)


class Subject:
    """A way for mail. `stored` counts the messages that have arrived; `servers` are all its processes, the
    Postfix first."""

    def __init__(self, name, mta, stored, servers):
        self.name = name
        self.mta = mta
        self.stored = stored
        self.servers = servers
        self.rates = []
        self.processor = []  # seconds a message

    def processes(self):
        return [getattr(server, "server", server) for server in self.servers]

    def run(self, messages, size=10000, sessions=SESSIONS):
        """Messages a second, from the first octet to the last message in its mailbox."""
        before = self.stored()
        used = processor_seconds(self.processes())
        each = messages // sessions
        started = time.monotonic()
        sources = [subprocess.Popen(["smtp-source", "-s", "1", "-m", str(each), "-l", str(size), "-f",
                                     "ada@out.test", "-t", USERS[number % len(USERS)],
                                     f"127.0.0.1:{self.mta.port}"]) for number in range(sessions)]
        for source in sources:
            if source.wait() != 0:
                raise RuntimeError(f"{self.name}: smtp-source failed")
        wait_until(lambda: self.stored() - before >= each * sessions, f"{self.name}: all is stored",
                   120)
        seconds = time.monotonic() - started
        wait_until(lambda: not self.mta.queue(), f"{self.name}: the queue is empty")
        self.processor.append((processor_seconds(self.processes()) - used) / (each * sessions))
        return each * sessions / seconds

    def stop(self):
        for server in self.servers:
            server.stop()


def count(directory, pattern):
    def stored():
        return sum(len(os.listdir(path)) for path in directory.glob(pattern))
    return stored


def by_postfix(base, name, milter=None):
    """Postfix's own virtual(8) writes the Maildirs; it syncs each file, not the directory."""
    place = base.new("postfix")
    main = {}
    if milter:
        main["smtpd_milters"] = f"{{ unix:{milter.socket}, default_action=tempfail }}"
    mta = postfix.Postfix(place / "p", USERS, main=main)
    return Subject(name, mta, count(mta.maildirs, "*/new"), [mta] + ([milter] if milter else []))


def by_pipe(base, name, argv):
    """`argv` gets the directory of the Maildirs and Postfix's ${user}, ${recipient}."""
    place = base.new("pipe")
    maildirs = place / "maildirs"
    for user in USERS:
        for part in ("tmp", "new", "cur"):
            (maildirs / user.split("@")[0] / part).mkdir(parents=True)
    subprocess.run(["chown", "-R", MAILBOX_USER, maildirs], check=True)
    service = PIPE_SERVICE.format(user=MAILBOX_USER, argv=" ".join(map(str, argv(maildirs))))
    mta = postfix.Postfix(place / "p", USERS, services=[service], main=PIPE_MAIN)
    return Subject(name, mta, count(maildirs, "*/new"), [mta])


def by_guard(base, name):
    """Files and directories are synced."""
    place = base.new("guarded")
    maildirs = base.new("maildirs")
    guard = lmtp_guard.start(base, f"maildir:{maildirs}/%u")
    mta = postfix.Postfix(place / "p", USERS,
                          services=[(lmtp_guard.EXAMPLES / "postfix-lmtp.master.cf").read_text()],
                          main=lmtp_guard.settings("postfix-lmtp.main.cf", guard.socket))
    return Subject(name, mta, count(maildirs, "*/new"), [mta, guard])


def by_dovecot(base, name, guarded=False, **options):
    """Its mail_fsync=optimized, its default, syncs what LMTP delivers, as the guard's Maildirs do. In front
    of it the guard is run as etc/examples has it."""
    place = base.new("dovecot")
    imap = dovecot.Dovecot(place, USERS, **options)
    servers = [imap]
    main = {"virtual_transport": f"lmtp:unix:{imap.socket}"}
    if guarded:
        guard = lmtp_guard.start(base, f"lmtp:unix:{imap.socket}")
        servers.insert(0, guard)
        main = lmtp_guard.settings("postfix-lmtp-dovecot.main.cf", guard.socket)
    mta = postfix.Postfix(place / "p", USERS, main=main)
    return Subject(name, mta, count(imap.mail, "*/Maildir/new"), [mta, *servers])


def crypt_options(base):
    """Dovecot's own encryption at rest, to one key for all."""
    private = subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey"], check=True,
                             capture_output=True).stdout
    public = subprocess.run(["openssl", "pkey", "-pubout"], input=private, check=True,
                            capture_output=True).stdout
    (base.directory / "public.pem").write_bytes(public)
    return {"mail_plugins": "quota mail_crypt",
            "plugin": CRYPT_PLUGIN.format(directory=base.directory)}


def why_not():
    """None, or why no deliveries can be measured here."""
    return postfix.available() or dovecot.available()
