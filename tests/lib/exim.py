"""A private Exim, unpacked from its Debian packages (build/exim), beside an installed Postfix.

It takes mail in at once and delivers when deliver() asks: an Exim that is not setuid root can only
change to the mailbox's owner in a queue run that root has started.
"""

import os
import pathlib
import re
import shutil
import subprocess

import harness
from processes import Server, free_port, listens, wait_until

BINARY = harness.BUILD / "exim/usr/sbin/exim4"
EXIM_USER = "mail"

CONFIG = """\
exim_path = {binary}
exim_user = {user}
exim_group = {user}
spool_directory = {directory}/spool
log_file_path = {directory}/spool/%slog
pid_file_path = {directory}/spool/exim.pid
primary_hostname = mx.sealed.test
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
keep_environment =
tls_advertise_hosts =
host_lookup =
rfc1413_query_timeout = 0s
never_users = root
queue_only
queue_run_in_order
smtp_accept_max = 0
smtp_accept_max_per_connection = 0
smtp_accept_queue_per_connection = 0
message_size_limit = {size_limit}
header_maxsize = 8M
timeout_frozen_after = 0s
ignore_bounce_errors_after = 0s
acl_smtp_rcpt = all
acl_smtp_data = all
acl_not_smtp = all
begin acl
all:
  accept
begin routers
sealed:
  driver = accept
  domains = {domains}
  transport = sealed
begin transports
{transports}
begin retry
* * F,1h,1s
"""

MAILDIR = """\
sealed:
  driver = appendfile
  maildir_format
  directory = {directory}/maildirs/$local_part_data
  user = nobody
  group = nogroup
"""


def available():
    """None, or why no Exim can be started here."""
    if not BINARY.exists():
        return "build/exim is missing"
    if os.geteuid() != 0:
        return "Exim's daemon needs root"
    return None


class Exim:
    """`transport` is the text of the transport `sealed`, which gets all mail for `domains`."""

    def __init__(self, directory, transport=MAILDIR, domains=("sealed.test",), size_limit="50M"):
        self.directory = pathlib.Path(directory)
        self.port = free_port()
        self.maildirs = self.directory / "maildirs"
        for name in ["", "spool", "maildirs", "bin"]:
            (self.directory / name).mkdir(exist_ok=True)
            (self.directory / name).chmod(0o755)
        shutil.chown(self.directory / "spool", EXIM_USER, EXIM_USER)
        shutil.chown(self.maildirs, "nobody", "nogroup")
        self.binary = self.directory / "bin/exim4"
        shutil.copy2(BINARY, self.binary)
        self.config = self.directory / "exim.conf"
        self.config.write_text(CONFIG.format(
            binary=self.binary, user=EXIM_USER, directory=self.directory, port=self.port,
            domains=":".join(domains), size_limit=size_limit,
            transports=transport.replace("{directory}", str(self.directory))))
        self.server = Server([self.binary, "-C", self.config, "-bdf"],
                             self.directory / "exim.out")
        wait_until(lambda: listens(self.port) or self.server.process.poll() is not None,
                   "Exim listens")
        if self.server.process.poll() is not None:
            raise AssertionError("Exim did not start:\n" + self.server.output() + self.log())

    def deliver(self, force=False):
        """One whole queue run; `force` also tries what is not due or frozen."""
        subprocess.run([self.binary, "-C", self.config, "-qff" if force else "-q"], check=True,
                       capture_output=True)

    def queue(self):
        """The message ids that wait."""
        out = subprocess.run([self.binary, "-C", self.config, "-bpru"], check=True,
                             capture_output=True, text=True).stdout
        return [line.split()[2] for line in out.splitlines() if " <" in line]

    def outcome(self, message_id):
        """The last fate of a message, in Postfix's words, or None."""
        found = re.findall(rf"{message_id} (=>|==|\*\*) ", self.log())
        return {"=>": "sent", "==": "deferred", "**": "bounced"}[found[-1]] if found else None

    def await_outcome(self, message_id, seconds=30):
        """Tries this one message, now."""
        subprocess.run([self.binary, "-C", self.config, "-M", message_id], check=True,
                       capture_output=True)
        return wait_until(lambda: self.outcome(message_id), f"{message_id} has a fate", seconds)

    def await_removed(self, message_ids, seconds=120):
        self.deliver()
        left = set(message_ids) & set(self.queue())
        assert not left, f"still in the queue: {left}; last log lines:\n{self.log()[-4000:]}"

    def flush(self):
        """Tries what waits, now, whether it is due or not."""
        self.deliver(force=True)

    def log(self):
        path = self.directory / "spool/mainlog"
        return path.read_text(errors="replace") if path.exists() else ""

    def stop(self):
        self.server.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
