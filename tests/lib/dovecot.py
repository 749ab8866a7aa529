"""A private Dovecot: LMTP on a Unix socket, IMAP on a loopback port, Maildirs, Sieve, quota."""

import imaplib
import os
import pathlib
import pwd
import shutil

from processes import Server, free_port, listens, wait_until

BINARY = "/usr/sbin/dovecot"
MAILBOX_USER = "nobody"
PASSWORD = "secret"

CONFIG = """\
base_dir = {directory}/run
state_dir = {directory}/state
instance_name = mdc-test
log_path = {directory}/log
protocols = lmtp imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_fsync = {fsync}
lda_mailbox_autocreate = yes
lda_mailbox_autosubscribe = yes
submission_host =
sendmail_path = {directory}/sendmail
postmaster_address = postmaster@sealed.test
hostname = mx.sealed.test
passdb {{
  driver = passwd-file
  args = {directory}/users
}}
userdb {{
  driver = passwd-file
  args = {directory}/users
}}
mail_plugins = {mail_plugins}
service lmtp {{
  process_limit = 100
  unix_listener {directory}/lmtp.sock {{
    mode = 0666
  }}
}}
service imap-login {{
  inet_listener imap {{
    address = 127.0.0.1
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
protocol lmtp {{
  mail_plugins = $mail_plugins sieve
}}
plugin {{
  quota = maildir:User quota
  sieve = file:~/sieve;active=~/active.sieve
{plugin}
}}
{more}
"""

# Where Sieve's vacation sends its answers: into files.
SENDMAIL = """\
#!/bin/sh
{{ echo "$@"; cat; }} > {directory}/sent/$$.part && mv {directory}/sent/$$.part {directory}/sent/$$.mail
"""


def available():
    """None, or why no Dovecot can be started here."""
    for path in (BINARY, "/usr/lib/dovecot/lmtp", "/usr/lib/dovecot/imap",
                 "/usr/lib/dovecot/modules/lib90_sieve_plugin.so"):
        if not os.path.exists(path):
            return f"{path} is missing"
    if os.geteuid() != 0:
        return "Dovecot's master needs root"
    return None


class Dovecot:
    def __init__(self, directory, addresses, mail_plugins="quota", plugin="", more="",
                 fsync="optimized", mail=None):
        """`mail` is where the homes lie, DIRECTORY/mail/LOCAL_PART by default."""
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.directory.chmod(0o755)
        self.mail = pathlib.Path(mail or self.directory / "mail")
        self.addresses = {address: [] for address in addresses}
        self.socket = self.directory / "lmtp.sock"
        self.port = free_port()
        for name in ("run", "state", "sent"):
            (self.directory / name).mkdir(exist_ok=True)
            (self.directory / name).chmod(0o755)
        self.mail.mkdir(exist_ok=True)
        shutil.chown(self.mail, MAILBOX_USER, "nogroup")
        shutil.chown(self.directory / "sent", MAILBOX_USER, "nogroup")
        script = self.directory / "sendmail"
        script.write_text(SENDMAIL.format(directory=self.directory))
        script.chmod(0o755)
        (self.directory / "dovecot.conf").write_text(CONFIG.format(
            directory=self.directory, port=self.port, mail_plugins=mail_plugins, plugin=plugin,
            more=more, fsync=fsync))
        self.write_users()
        self.server = None
        self.start()

    def write_users(self):
        owner = pwd.getpwnam(MAILBOX_USER)
        lines = [f"{address}:{{PLAIN}}{PASSWORD}:{owner.pw_uid}:{owner.pw_gid}::"
                 f"{self.mail}/{address.split('@')[0]}::{' '.join(fields)}\n"
                 for address, fields in self.addresses.items()]
        (self.directory / "users").write_text("".join(lines))

    def set_quota(self, address, octets):
        """Before the first login of that user."""
        self.addresses[address] = [f"userdb_quota_rule=*:bytes={octets}"]
        self.write_users()

    def sieve(self, address, script):
        home = self.mail / address.split("@")[0]
        home.mkdir(exist_ok=True)
        (home / "active.sieve").write_text(script)
        for path in (home, home / "active.sieve"):
            shutil.chown(path, MAILBOX_USER, "nogroup")

    def start(self):
        self.server = Server([BINARY, "-F", "-c", self.directory / "dovecot.conf"],
                             self.directory / "out")
        wait_until(lambda: (self.socket.exists() and listens(self.port))
                   or self.server.process.poll() is not None, "Dovecot listens")
        if self.server.process.poll() is not None:
            raise AssertionError("Dovecot did not start:\n" + self.server.output() + self.log())

    def stop(self):
        self.server.stop()

    def log(self):
        path = self.directory / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def stored(self, address, folder=""):
        """The messages in new/ and cur/ of a folder."""
        maildir = self.mail / address.split("@")[0] / "Maildir"
        maildir = maildir / f".{folder}" if folder else maildir
        return [path.read_bytes() for part in ("new", "cur") if (maildir / part).is_dir()
                for path in sorted((maildir / part).iterdir())]

    def sent(self):
        return [path.read_bytes() for path in (self.directory / "sent").glob("*.mail")]

    def fetch(self, address, folder="INBOX"):
        """All messages of a folder, over IMAP."""
        with imaplib.IMAP4("127.0.0.1", self.port) as imap:
            imap.login(address, PASSWORD)
            imap.select(folder, readonly=True)
            numbers = imap.search(None, "ALL")[1][0].split()
            return [imap.fetch(number, "(BODY.PEEK[])")[1][0][1] for number in numbers]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
