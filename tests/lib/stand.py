"""Everything that an end-to-end test stands on: our programs, keyd with a user for each kind of key."""

import os
import pathlib

import gpg
import harness
import testkeys
from keyd import Keyd
from processes import Server, wait_until

MAILBOX_USER = "nobody"
MILTER_USER = "games"


class Stand:
    def __init__(self, kinds=tuple(gpg.KINDS)):
        self.directory = harness.temporary_directory()
        self.programs = harness.install_programs(self.directory / "bin")
        self.kinds = list(kinds)
        self.users = testkeys.users(self.directory)
        self.stranger = testkeys.stranger(self.directory)
        self.keyd = Keyd(self.directory / "keyd", self.programs)
        for kind in self.kinds:
            self.keyd.add(gpg.address_of(kind), testkeys.certificate(kind))

    @property
    def addresses(self):
        """One for each kind of key, and one without."""
        return [gpg.address_of(kind) for kind in self.kinds] + [f"nokey@{gpg.DOMAIN}"]

    def kind_of(self, number):
        """Users take turns."""
        return self.kinds[number % len(self.kinds)]

    def milter(self, *options, name="milter", keyd=None, traced=()):
        """Our milter, and the socket at which Postfix finds it."""
        directory = self.directory / name
        directory.mkdir(exist_ok=True)
        directory.chmod(0o777)
        socket = directory / "socket"
        server = Server([self.programs / "maildircrypt-milter", "--socket", f"unix:{socket}",
                         "--socket-mode", "666", "--keyd", keyd or self.keyd.socket, "--spill-directory",
                         directory, *options], directory / "log", user=MILTER_USER, group="games",
                        notify=True, traced=traced)
        server.socket = socket
        return server

    def close(self):
        self.keyd.stop()
        self.users.stop_agent()
        self.stranger.stop_agent()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def read_maildir(maildir):
    """The messages in new/; nothing may be left in tmp/."""
    maildir = pathlib.Path(maildir)
    if not maildir.exists():
        return []
    left = os.listdir(maildir / "tmp")
    assert not left, f"left in tmp: {left}"
    return [path.read_bytes() for path in sorted((maildir / "new").iterdir())]


def read_maildirs(directory, kinds):
    return {kind: read_maildir(pathlib.Path(directory, kind)) for kind in kinds}


def everything_below(directory):
    """All octets of all files below, for searching plaintext. Looks again when one goes meanwhile: a server may
    still be tidying up its locks and temporary files."""
    def read():
        try:
            return [path.read_bytes() for path in pathlib.Path(directory).rglob("*")
                    if path.is_file()] or [b""]
        except FileNotFoundError:
            return None

    return b"\0".join(wait_until(read, f"the files below {directory} stay", 60))
