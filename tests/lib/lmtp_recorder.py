"""Stands between a mail server and our LMTP server and notes exactly what was handed over."""

import collections
import os
import re
import socket
import threading

ENVELOPE = re.compile(rb"RCPT TO:<([^>@]*)@", re.IGNORECASE)


class Recorder:
    """Listens on a Unix socket and passes everything on, both ways, to the socket `behind`."""

    def __init__(self, path, behind):
        self.path = str(path)
        self.behind = str(behind)
        self.streams = []  # what each client sent
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(256)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self.behind)
            except OSError:
                client.close()
                server.close()
                continue
            stream = bytearray()
            self.streams.append(stream)
            threading.Thread(target=self.copy, args=[client, server, stream], daemon=True).start()
            threading.Thread(target=self.copy, args=[server, client, None], daemon=True).start()

    @staticmethod
    def copy(source, target, stream):
        try:
            while piece := source.recv(65536):
                if stream is not None:
                    stream += piece
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            for end in (source, target):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def handed(self, kinds):
        """{local part: [octets]} of all messages with DATA or BDAT; refused ones are in it, too."""
        found = collections.defaultdict(list)
        for stream in self.streams:
            for recipients, content in conversation(bytes(stream)):
                for recipient in recipients:
                    if recipient in kinds:
                        found[recipient].append(content)
        return found

    def stop(self):
        self.listener.close()


def conversation(text):
    """[(local parts, content)] of what a client said."""
    recipients, content = [], b""
    while text:
        line, _, text = text.partition(b"\r\n")
        found = ENVELOPE.match(line)
        if line.upper().startswith(b"MAIL "):
            recipients, content = [], b""
        elif found:
            recipients.append(found.group(1).decode())
        elif line.upper() == b"DATA":
            stuffed, _, text = (b"\r\n" + text).partition(b"\r\n.\r\n")
            yield recipients, (re.sub(rb"\r\n\.", b"\r\n", stuffed) + b"\r\n")[2:]
        elif line.upper().startswith(b"BDAT "):
            size = int(line.split()[1])
            content += text[:size]
            text = text[size:]
            if line.upper().endswith(b" LAST"):
                yield recipients, content
