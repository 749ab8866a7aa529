"""A key daemon that says what a test wants to hear, right or wrong, in the words of keyd/API."""

import atexit
import base64
import hashlib
import json
import os
import socket
import threading

STORE_ID = "0123456789abcdef" * 2


def packets(armour):
    """(tag, body) of each packet of an armoured certificate (RFC 4880, 4.2)."""
    lines = armour.decode().split("\n")
    start = lines.index("")
    end = next(i for i, line in enumerate(lines) if i > start and line.startswith(("=", "-----END")))
    data = base64.b64decode("".join(lines[start + 1:end]))
    while data:
        tag, data = data[0], data[1:]
        if tag & 0x40:
            tag &= 0x3f
            if data[0] < 192:
                size, data = data[0], data[1:]
            elif data[0] < 224:
                size, data = ((data[0] - 192) << 8) + data[1] + 192, data[2:]
            else:
                size, data = int.from_bytes(data[1:5], "big"), data[5:]
        else:
            octets = 1 << (tag & 3)
            tag = tag >> 2 & 0xf
            size, data = int.from_bytes(data[:octets], "big"), data[octets:]
        yield tag, data[:size]
        data = data[size:]


def encryption_key(armour):
    """The last subkey of a certificate, which is its encryption subkey in the tests' certificates."""
    packet = [body for tag, body in packets(armour) if tag == 14][-1]
    fingerprint = hashlib.sha1(b"\x99" + len(packet).to_bytes(2, "big") + packet).hexdigest().upper()
    return {"fingerprint": fingerprint, "packet": base64.b64encode(packet).decode(),
            "created": int.from_bytes(packet[1:5], "big"), "expires": 0, "seipd2": False}


class FakeKeyd:
    """Answers on a Unix socket until stopped. `keys` maps addresses to (state, armoured certificate)."""

    def __init__(self, path, keys=None):
        self.path = str(path)
        self.keys = dict(keys or {})
        self.store_id = STORE_ID
        self.raw = None  # octets to say instead of an answer; b"" says nothing and keeps the line open
        self.lookups = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(64)
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()
        atexit.register(self.stop)

    def accept(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(line)
            threading.Thread(target=self.serve, args=[line], daemon=True).start()

    def serve(self, line):
        text = b""
        try:
            while True:
                while b"\r\n\r\n" not in text:
                    piece = line.recv(65536)
                    if not piece:
                        return line.close()
                    text += piece
                request, _, text = text.partition(b"\r\n\r\n")
                self.lookups += 1
                reply = self.raw if self.raw is not None else self.reply(request.decode())
                line.sendall(reply)
        except OSError:
            return None

    def reply(self, request):
        try:
            address = self.unescape(request.split()[1].rsplit("/", 1)[1])
        except UnicodeDecodeError:
            return b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}"
        state, armour = self.keys.get(address, ("no-key", None))
        key = encryption_key(armour) if armour else None
        answer = {"store": {"id": self.store_id, "revision": 7},
                  "log": {"sequence": 3, "head": "ab" * 32}, "address": address, "state": state,
                  "seal_to": [key] if key and state in ("sealable", "expired") else [],
                  "recognise": [key["fingerprint"]] if key else [], "recovery": []}
        body = json.dumps(answer).encode()
        return (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
                + str(len(body)).encode() + b"\r\n\r\n" + body)

    @staticmethod
    def unescape(text):
        octets, parts = b"", text.split("%")
        octets += parts[0].encode()
        for part in parts[1:]:
            octets += bytes([int(part[:2], 16)]) + part[2:].encode()
        return octets.decode()

    def stop(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)  # ends accept(), which would take one more call
        except OSError:
            pass  # stopped before
        self.listener.close()
        for line in self.open:
            line.close()
