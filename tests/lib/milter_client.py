"""Speaks the milter protocol, version 6, as an MTA does: one connection, as many messages as wanted.

Frames are four octets of length, a command octet and its data (libmilter/mfdef.h).
"""

import socket
import struct

# what the MTA can do with a message (SMFIF_*)
ADD_HEADERS, CHANGE_BODY, CHANGE_HEADERS, SET_MACROS = 0x01, 0x02, 0x10, 0x100
ALL_ACTIONS = 0x1FF
# what it can leave out or understand (SMFIP_*)
NO_HELO, NO_UNKNOWN, SKIP, NO_DATA = 0x02, 0x100, 0x400, 0x200
NO_REPLY = {b"C": 0x1000, b"M": 0x4000, b"R": 0x8000, b"T": 0x10000, b"L": 0x80, b"N": 0x40000,
            b"B": 0x80000}
LEADING_SPACE = 0x00100000
ALL_PROTOCOL = 0x1FFFFF

CONTINUE, ACCEPT, REJECT, TEMPFAIL, REPLY_CODE = b"c", b"a", b"r", b"t", b"y"
FINAL = {b"c", b"a", b"d", b"r", b"t", b"y", b"s", b"4", b"f"}


class Closed(Exception):
    """The milter ended the connection."""


def negotiation(actions=ALL_ACTIONS, protocol=ALL_PROTOCOL):
    """What the MTA offers: the data of its first command."""
    return struct.pack(">III", 6, actions, protocol)


def text(*words):
    return b"".join(word.encode() if isinstance(word, str) else word for word in words)


class MilterClient:
    def __init__(self, path, seconds=60):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(seconds)
        self.socket.connect(str(path))
        self.protocol = 0
        self.macros = {}  # stage: names, as the milter asked for them

    # ---- frames

    def send(self, command, data=b""):
        self.send_raw(struct.pack(">I", len(data) + 1) + command + data)

    def send_raw(self, octets):
        try:
            self.socket.sendall(octets)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Closed from error

    def receive(self):
        size, = struct.unpack(">I", self.receive_exactly(4))
        frame = self.receive_exactly(size)
        return frame[:1], frame[1:]

    def receive_exactly(self, size):
        octets = b""
        while len(octets) < size:
            try:
                piece = self.socket.recv(size - len(octets))
            except ConnectionResetError as error:
                raise Closed from error
            if not piece:
                raise Closed
            octets += piece
        return octets

    # ---- the conversation

    def negotiate(self, actions=ALL_ACTIONS, protocol=ALL_PROTOCOL):
        """The actions and protocol flags that the milter chose."""
        self.send(b"O", negotiation(actions, protocol))
        command, data = self.receive()
        if command != b"O":
            raise AssertionError(f"not a negotiation: {command!r}")
        _, chosen, self.protocol = struct.unpack(">III", data[:12])
        rest = data[12:]
        while rest:
            stage, = struct.unpack(">I", rest[:4])
            names, _, rest = rest[4:].partition(b"\0")
            self.macros[stage] = names.decode().split()
        return chosen, self.protocol

    def send_macros(self, command, values):
        if values:
            self.send(b"D", command + b"".join(text(name, b"\0", value, b"\0")
                                               for name, value in values.items()))

    def step(self, command, data=b"", macros=None):
        """One command and its answer: "continue", "accept", or the text of a refusal."""
        self.send_macros(command, macros)
        self.send(command, data)
        if self.protocol & NO_REPLY.get(command, 0):
            return "continue"
        return self.answer(*self.receive())

    @staticmethod
    def answer(command, data):
        words = {CONTINUE: "continue", ACCEPT: "accept", REJECT: "reject", TEMPFAIL: "tempfail"}
        if command == REPLY_CODE:
            return data.rstrip(b"\0").decode()
        return words.get(command, repr(command))

    def connect(self, address="203.0.113.9", port=40000):
        if address is None:
            return self.step(b"C", b"localhost\0U")
        family = b"6" if ":" in address else b"4"
        return self.step(b"C", text("client.test\0", family, struct.pack(">H", port), address, "\0"))

    def mail(self, sender="ada@out.test", *parameters, macros=None):
        words = (f"<{sender}>", *parameters)
        return self.step(b"M", b"".join(text(word, b"\0") for word in words), macros)

    def recipient(self, address, canonical=None):
        macros = {"{rcpt_addr}": canonical, "{rcpt_mailer}": "virtual"} if canonical else None
        return self.step(b"R", text("<", address, ">\0"), macros)

    def data(self):
        return self.step(b"T", b"", {"i": "4abcDEF"})

    def field(self, name, value):
        return self.step(b"L", text(name, b"\0", value, b"\0"))

    def end_of_header(self):
        return self.step(b"N")

    def body(self, piece):
        return self.step(b"B", piece)

    def end_of_message(self):
        """(edits as (command, data), the answer)."""
        self.send_macros(b"E", {"i": "4abcDEF"})
        self.send(b"E")
        edits = []
        while True:
            command, data = self.receive()
            if command in FINAL:
                return edits, self.answer(command, data)
            edits.append((command, data))

    def abort(self):
        self.send(b"A")

    def message(self, recipients, fields, body, sender="ada@out.test", piece=65535):
        """A whole message: (edits, answer); ends early, without edits, at an answer that ends it."""
        answer = self.mail(sender)
        if answer != "continue":
            return [], answer
        for address in recipients:
            answer = self.recipient(address)
            if answer != "continue":
                return [], answer
        answer = self.data()
        if answer != "continue":
            return [], answer
        for name, value in fields:
            self.field(name, value)
        self.end_of_header()
        for at in range(0, len(body), piece):
            self.body(body[at:at + piece])
        return self.end_of_message()

    def close(self):
        try:
            self.send(b"Q")
        except (Closed, OSError):
            pass
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def new_body(edits):
    """The replaced body, or None."""
    pieces = [data for command, data in edits if command == b"b"]
    return b"".join(pieces) if pieces else None


def apply_edits(fields, edits):
    """The header [(name, value)] after the edits, as cleanup(8) makes them; its own field left out."""
    header = [(b"Received", b" by the MTA")] + [(text(name), text(value)) for name, value in fields]
    for command, data in edits:
        if command == b"m":
            index, = struct.unpack(">I", data[:4])
            name, value = data[4:].split(b"\0")[:2]
            places = [i for i, field in enumerate(header) if i and field[0].lower() == name.lower()]
            place = places[index - 1]
            if value:
                header[place] = (name, value)
            else:
                del header[place]
        elif command == b"i":
            index, = struct.unpack(">I", data[:4])
            header.insert(index, tuple(data[4:].split(b"\0")[:2]))
        elif command == b"h":
            header.append(tuple(data.split(b"\0")[:2]))
    return header[1:]


def edited(fields, body, edits):
    """The whole message after the edits."""
    header = b"".join(name + b":" + value.replace(b"\n", b"\r\n") + b"\r\n"
                      for name, value in apply_edits(fields, edits))
    replaced = new_body(edits)
    return header + b"\r\n" + (body if replaced is None else replaced)
