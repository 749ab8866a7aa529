"""The outside world: an SMTP server on a loopback port that takes everything."""

import socket
import threading


class Sink:
    def __init__(self):
        self.messages = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                line, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=[line], daemon=True).start()

    def serve(self, line):
        with line, line.makefile("rwb") as file:
            def say(text):
                file.write(text.encode() + b"\r\n")
                file.flush()

            say("220 sink.test ESMTP")
            while command := file.readline():
                verb = command.split()[0].upper() if command.split() else b""
                if verb == b"DATA":
                    say("354 go")
                    message = b""
                    while (text := file.readline()) not in (b".\r\n", b""):
                        message += text
                    self.messages.append(message)
                say("221 bye" if verb == b"QUIT" else "250 ok")
                if verb == b"QUIT":
                    return

    def clear(self):
        self.messages.clear()

    def stop(self):
        self.listener.close()
