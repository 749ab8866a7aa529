"""A private Postfix: own configuration, queue and port; the host's own is neither used nor touched."""

import grp
import os
import pathlib
import pwd
import re
import shutil
import subprocess

from processes import Server, free_port, listens, wait_until

DAEMONS = "/usr/lib/postfix/sbin"
QUEUES = ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
          "private", "saved", "trace"]

MAIN = """\
compatibility_level = 3.6
config_directory = {directory}/etc
queue_directory = {directory}/queue
data_directory = {directory}/data
enable_long_queue_ids = yes
maillog_file = {directory}/log/mail.log
maillog_file_prefixes = {directory}/log
myhostname = mx.sealed.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
relay_domains =
default_transport = error:this private Postfix sends nothing outside
virtual_mailbox_domains = {domains}
virtual_mailbox_base = {directory}/maildirs
virtual_mailbox_maps = texthash:{directory}/etc/mailboxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
smtpd_client_connection_count_limit = 0
"""

MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix  n - n 60 1 pickup
cleanup   unix  n - n -  0 cleanup
qmgr      unix  n - n 300 1 qmgr
rewrite   unix  - - n -  - trivial-rewrite
bounce    unix  - - n -  0 bounce
defer     unix  - - n -  0 bounce
trace     unix  - - n -  0 bounce
error     unix  - - n -  - error
retry     unix  - - n -  - error
virtual   unix  - n n -  - virtual
local     unix  - n n -  - local
anvil     unix  - - n -  1 anvil
proxymap  unix  - - n -  - proxymap
showq     unix  n - n -  - showq
flush     unix  n - n 1000? 0 flush
smtp      unix  - - n -  - smtp
lmtp      unix  - - n -  - lmtp
postlog   unix-dgram n - n - 1 postlogd
"""

MAILBOX_USER = "nobody"  # owns the Maildirs: unprivileged, on every Debian


def available():
    """None, or why no Postfix can be started here."""
    if not os.access(f"{DAEMONS}/master", os.X_OK):
        return "Postfix is not installed"
    if os.geteuid() != 0:
        return "Postfix's master needs root"
    return None


class Postfix:
    """Delivers `addresses` into DIRECTORY/maildirs/LOCAL_PART/ (virtual(8)) unless `main` says otherwise.

    `main` are settings for main.cf, `services` whole entries for master.cf.
    """

    def __init__(self, directory, addresses, main=None, services=(), port=None):
        self.directory = pathlib.Path(directory)
        self.port = port or free_port()
        self.maildirs = self.directory / "maildirs"
        self.mail_log = self.directory / "log/mail.log"
        self.config = self.directory / "etc"
        self.make_directories()
        self.write_config(addresses, main or {}, services)
        self.server = None
        self.start()

    def make_directories(self):
        mail = pwd.getpwnam("postfix")
        self.directory.mkdir(exist_ok=True)
        self.directory.chmod(0o755)
        for name in ["etc", "log", "data", "queue", "queue/pid", "maildirs"]:
            (self.directory / name).mkdir(exist_ok=True)
        for name in QUEUES:
            (self.directory / "queue" / name).mkdir(mode=0o700, exist_ok=True)
            os.chown(self.directory / "queue" / name, mail.pw_uid, 0)
        for name, mode in (("maildrop", 0o1730), ("public", 0o2710)):
            path = self.directory / "queue" / name
            path.mkdir(exist_ok=True)
            os.chown(path, mail.pw_uid, grp.getgrnam("postdrop").gr_gid)
            path.chmod(mode)
        os.chown(self.directory / "data", mail.pw_uid, 0)
        shutil.chown(self.maildirs, MAILBOX_USER, "nogroup")

    def write_config(self, addresses, main, services):
        owner = pwd.getpwnam(MAILBOX_USER)
        domains = sorted({address.split("@")[1] for address in addresses})
        (self.config / "mailboxes").write_text(
            "".join(f"{address} {address.split('@')[0]}/\n" for address in addresses))
        text = MAIN.format(directory=self.directory, domains=" ".join(domains), uid=owner.pw_uid,
                           gid=owner.pw_gid)
        settings = main
        lines = [line for line in text.splitlines() if line.split(" =")[0] not in settings]
        lines += [f"{name} = {value}" for name, value in settings.items()]
        (self.config / "main.cf").write_text("\n".join(lines) + "\n")
        (self.config / "master.cf").write_text(MASTER.format(port=self.port) + "".join(services))
        for path in self.config.iterdir():
            os.utime(path, (0, 0))  # Postfix waits 2 s before it reads a file that is quite new

    def start(self):
        self.server = Server([f"{DAEMONS}/master", "-c", self.config, "-s"],
                             self.directory / "log/master.out")
        wait_until(lambda: listens(self.port) or self.server.process.poll() is not None,
                   "Postfix listens")
        if self.server.process.poll() is not None:
            raise AssertionError("Postfix did not start:\n" + self.server.output() + self.log())

    def stop(self):
        self.server.stop()

    def log(self):
        return self.mail_log.read_text(errors="replace") if self.mail_log.exists() else ""

    def outcome(self, queue_id):
        """The last status= of a message, or None: sent, deferred, bounced, expired."""
        found = re.findall(rf"\b{queue_id}: .*\bstatus=(\w+)", self.log())
        return found[-1] if found else None

    def await_outcome(self, queue_id, seconds=30):
        return wait_until(lambda: self.outcome(queue_id), f"{queue_id} has a status", seconds)

    def await_removed(self, queue_ids, seconds=120):
        """Until all of these have been delivered."""
        def done():
            gone = set(re.findall(r"qmgr\[\d+\]: (\w+): removed", self.log()))
            return set(queue_ids) <= gone
        try:
            wait_until(done, "all messages have left the queue", seconds)
        except AssertionError:
            raise AssertionError("still in the queue; last log lines:\n" + self.log()[-4000:]) \
                from None
        bounced = re.findall(r".*status=bounced.*", self.log())
        assert not bounced, f"bounced: {bounced[-3:]}"

    def flush(self):
        """Tries the deferred mail again, now."""
        subprocess.run(["postqueue", "-c", self.config, "-f"], check=True)

    def queue(self):
        """The queue ids that wait."""
        out = subprocess.run(["postqueue", "-c", self.config, "-j"], check=True,
                             capture_output=True, text=True).stdout
        return re.findall(r'"queue_id": "(\w+)"', out)

    def sendmail(self, sender, recipients, message):
        """Local submission with sendmail(1)."""
        subprocess.run(["sendmail", "-C", self.config, "-i", "-f", sender, "--", *recipients],
                       input=message, check=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
