"""A private Dovecot that serves one Maildir over IMAP on loopback."""

import os
import pathlib
import pwd
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
from processes import Server, free_port, listens, wait_until

BINARY = "/usr/sbin/dovecot"
USER = "reader"
PASSWORD = "secret"

CONFIG = """\
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{maildir}
first_valid_uid = 1
default_internal_user = {owner}
default_internal_group = {group}
default_login_user = {owner}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={directory}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


def missing():
    """None, or why no Dovecot can be started here."""
    if not pathlib.Path(BINARY).exists() or not pathlib.Path("/usr/lib/dovecot/imap").exists():
        return "dovecot-imapd is not installed"
    return None


class ImapServer:
    """Mail belongs to `nobody` when root starts it, else to whoever does."""

    def __init__(self, directory, maildir):
        self.directory = pathlib.Path(directory) / "dovecot"
        self.port = free_port()
        owner = "nobody" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        group = "nogroup" if owner == "nobody" else owner
        for name in ("", "run", "state", "home"):
            (self.directory / name).mkdir()
        if os.geteuid() == 0:
            for path in [pathlib.Path(maildir), *pathlib.Path(maildir).rglob("*"),
                         self.directory / "home"]:
                shutil.chown(path, owner, group)
        config = self.directory / "dovecot.conf"
        config.write_text(CONFIG.format(directory=self.directory, maildir=maildir, owner=owner,
                                        group=group, password=PASSWORD, port=self.port))
        self.server = Server([BINARY, "-F", "-c", config], self.directory / "out")
        wait_until(lambda: listens(self.port) or self.server.process.poll() is not None,
                   "Dovecot listens")
        if self.server.process.poll() is not None:
            raise AssertionError("Dovecot did not start:\n" + self.server.output())

    def stop(self):
        self.server.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
