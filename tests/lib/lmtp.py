"""An LMTP client that sends exactly the octets it is told, and our LMTP server, started for a test."""

import itertools
import pathlib
import re
import socket

from processes import Server

counter = itertools.count()


class Lost(Exception):
    """The server closed the connection."""


class Client:
    """Speaks over a Unix socket (a path) or a loopback port (a number)."""

    def __init__(self, place, seconds=30, greet=True):
        if isinstance(place, int):
            self.socket = socket.create_connection(("127.0.0.1", place), seconds)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(seconds)
            self.socket.connect(str(place))
        self.file = self.socket.makefile("rb")
        if greet:
            self.greeting = self.reply()
            self.features = self.say("LHLO client.test")

    def raw(self, octets):
        self.socket.sendall(octets)

    def reply(self):
        """One reply, its lines joined by LF, without line ends."""
        lines = []
        while True:
            line = self.file.readline()
            if not line.endswith(b"\n"):
                raise Lost("\n".join(lines))
            lines.append(line.decode().rstrip("\r\n"))
            if lines[-1][3:4] != "-":
                return "\n".join(lines)

    def say(self, line):
        self.raw(line.encode() + b"\r\n")
        return self.reply()

    def closed(self):
        """Whether the server closes, with nothing left to say."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True

    def envelope(self, sender, recipients, parameters=""):
        """The replies to MAIL and to each RCPT."""
        return [self.say(f"MAIL FROM:<{sender}>{parameters}"),
                *[self.say(f"RCPT TO:<{recipient}>") for recipient in recipients]]

    def data(self, message, answers):
        """`answers` is how many replies the end of the data gets."""
        reply = self.say("DATA")
        assert reply.startswith("354"), reply
        self.raw(stuffed(message))
        return [self.reply() for _ in range(answers)]

    def chunks(self, *pieces, answers):
        """BDAT, pipelined, the last one with LAST."""
        for number, piece in enumerate(pieces):
            last = " LAST" if number == len(pieces) - 1 else ""
            self.raw(f"BDAT {len(piece)}{last}\r\n".encode() + piece)
        return [self.reply() for _ in range(len(pieces) - 1 + answers)]

    def send(self, sender, recipients, message):
        """The replies to the message, one for each recipient; all must be accepted."""
        for reply in self.envelope(sender, recipients):
            assert reply.startswith("250"), reply
        return self.data(message, len(recipients))

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def stuffed(message):
    """RFC 5321, 4.5.2: only a dot behind CRLF is doubled."""
    text = re.sub(rb"\r\n\.", b"\r\n..", b"\r\n" + message)[2:]
    return text + (b"" if text.endswith(b"\r\n") or not text else b"\r\n") + b".\r\n"


class LmtpServer(Server):
    """maildircrypt-lmtp on a Unix socket in a directory of its own."""

    def __init__(self, directory, programs, keyd_socket, next_hop, *options, user=None, group=None,
                 **others):
        directory = pathlib.Path(directory)
        self.directory = directory / f"lmtp{next(counter)}"
        self.directory.mkdir(parents=True)
        self.directory.chmod(0o777)
        self.socket = self.directory / "socket"
        super().__init__([*others.pop("wrapper", ()), pathlib.Path(programs) / "maildircrypt-lmtp",
                          "--listen", f"unix:{self.socket}", "--socket-mode", "666", "--keyd",
                          keyd_socket, "--next", next_hop, "--spill-directory", self.directory,
                          "--host", "mx.sealed.test", *map(str, options)],
                         self.directory / "log", user=user, group=group, notify=True, **others)

    def events(self, name):
        """The log lines of an event."""
        return re.findall(rf"^maildircrypt-lmtp: {name}\b.*", self.output(), re.MULTILINE)
