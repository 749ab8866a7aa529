"""A Unix socket between Postfix and our milter that records what the MTA passes (milter protocol 6)."""

import pathlib
import socket
import struct
import threading

SMFIP_HDR_LEADSPC = 0x00100000
COPIED = 1 << 16


class Transaction:
    """One message as the MTA passed it."""

    def __init__(self, sender):
        self.sender = sender
        self.recipients = []
        self.fields = []  # (name, value)
        self.body = []

    def octets(self):
        """M of seal/FORMAT: `name:value` with CRLF, CRLF, the body as passed."""
        head = b"".join(name + b":" + value.replace(b"\n", b"\r\n") + b"\r\n"
                        for name, value in self.fields)
        return head + b"\r\n" + b"".join(self.body)


class Recorder:
    """Listens at `path`, passes everything on to `milter` and back; `messages` are complete ones."""

    def __init__(self, path, milter):
        self.milter = str(milter)
        self.messages = []
        self.negotiated = []  # the milter's protocol flags, one for each connection
        self.lock = threading.Lock()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        pathlib.Path(path).chmod(0o666)
        self.listener.listen(100)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                mta, _ = self.listener.accept()
            except OSError:
                return
            milter = socket.socket(socket.AF_UNIX)
            try:
                milter.connect(self.milter)
            except OSError:
                mta.close()
                continue
            for source, target, note in ((mta, milter, self.note_mta()),
                                         (milter, mta, self.note_milter)):
                threading.Thread(target=self.pass_on, args=(source, target, note),
                                 daemon=True).start()

    def pass_on(self, source, target, note):
        """Packets are four octets of length, then a command octet and its data."""
        rest = b""
        try:
            while piece := source.recv(COPIED):
                rest += piece
                while len(rest) >= 4 and len(rest) >= 4 + struct.unpack(">I", rest[:4])[0]:
                    end = 4 + struct.unpack(">I", rest[:4])[0]
                    note(rest[4:5], rest[5:end])  # before the other side can answer it
                    target.sendall(rest[:end])
                    rest = rest[end:]
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def note_milter(self, command, data):
        if command == b"O":
            with self.lock:
                self.negotiated.append(struct.unpack(">III", data[:12])[2])

    def note_mta(self):
        state = {"transaction": None}

        def note(command, data):
            transaction = state["transaction"]
            if command == b"M":
                state["transaction"] = Transaction(data.split(b"\0")[0])
            elif command == b"A":
                state["transaction"] = None
            elif transaction is None:
                return
            elif command == b"R":
                transaction.recipients.append(data.split(b"\0")[0].strip(b"<>").decode())
            elif command == b"L":
                name, value, _ = data.split(b"\0", 2)
                transaction.fields.append((name, value))
            elif command == b"B":
                transaction.body.append(data)
            elif command == b"E":
                transaction.body.append(data)
                state["transaction"] = None
                with self.lock:
                    self.messages.append(transaction)
        return note

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
