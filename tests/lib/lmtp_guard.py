"""How Postfix and Exim are told to hand mail to our LMTP server, with the examples of etc/."""

import itertools

import harness
from lmtp import LmtpServer
from lmtp_recorder import Recorder
from stand import MAILBOX_USER

EXAMPLES = harness.ROOT / "etc/examples"
SOCKET = "/run/maildircrypt-lmtp/lmtp.sock"
counter = itertools.count()


def settings(name, socket):
    """The settings of an example for main.cf, as a dictionary."""
    text = (EXAMPLES / name).read_text()
    assert text.count(SOCKET) == 1
    lines = text.replace(SOCKET, str(socket)).splitlines()
    return dict(line.split(" = ", 1) for line in lines if line and not line.startswith("#"))


def exim_transport(socket, user):
    text = (EXAMPLES / "exim-lmtp.transport").read_text()
    assert text.count(SOCKET) == 1 and text.count("Debian-exim") == 1
    return text.replace(SOCKET, str(socket)).replace("Debian-exim", user)


def start(stand, next_hop, options=(), user=MAILBOX_USER, group="nogroup", **others):
    """Our server, as the owner of the mailboxes; options may hold another --keyd."""
    options = [str(option) for option in options]
    keyd = stand.keyd.socket
    if "--keyd" in options:
        at = options.index("--keyd")
        keyd = options[at + 1]
        options[at:at + 2] = []
    return LmtpServer(stand.directory, stand.programs, keyd, next_hop, *options, user=user,
                      group=group, **others)


def recorder(stand, server):
    return Recorder(stand.directory / f"handed{next(counter)}.sock", server.socket)
