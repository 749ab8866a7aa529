"""An SMTP client that sends exactly the octets it is given, several messages a connection."""

import concurrent.futures
import re
import socket


class Refused(Exception):
    """A reply that is not 2xx or 3xx."""

    def __init__(self, step, reply):
        super().__init__(f"{step}: {reply}")
        self.code = int(reply[:3]) if reply[:3].isdigit() else 0
        self.reply = reply


class Client:
    def __init__(self, port, seconds=120):
        self.socket = socket.create_connection(("127.0.0.1", port), seconds)
        self.file = self.socket.makefile("rb")
        self.expect("greeting")
        self.command("EHLO client.test")

    def expect(self, step):
        lines = []
        while True:
            line = self.file.readline().decode(errors="replace").rstrip("\r\n")
            lines.append(line)
            if line[3:4] != "-":
                break
        reply = "\n".join(lines)
        if reply[:1] not in ("2", "3"):
            raise Refused(step, reply)
        return reply

    def command(self, text):
        self.socket.sendall(text.encode() + b"\r\n")
        return self.expect(text.split(" ")[0])

    def send(self, sender, recipients, message, parameters=""):
        """Returns the queue id. `message` is sent as it is, but for dots doubled at line starts.

        `parameters` are MAIL's, a blank in front of each.
        """
        try:
            self.command(f"MAIL FROM:<{sender}>{parameters}")
            for recipient in recipients:
                self.command(f"RCPT TO:<{recipient}>")
            self.command("DATA")
            end = b".\r\n" if message.endswith(b"\r\n") or not message else b"\r\n.\r\n"
            self.socket.sendall(re.sub(rb"(?m)^\.", b"..", message) + end)
            reply = self.expect("end of data")
        except Refused as refused:
            if refused.reply:
                self.command("RSET")
            raise
        found = re.search(r"queued as (\w+)|id=([\w-]+)", reply)
        return next(filter(None, found.groups())) if found else reply

    def close(self):
        try:
            self.command("QUIT")
        except (OSError, Refused):
            pass
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def send(port, sender, recipients, message, parameters=""):
    with Client(port) as client:
        return client.send(sender, recipients, message, parameters)


def send_many(port, mails, connections=3):
    """[(sender, recipients, message)] over a few connections; their queue ids in the same order."""
    def part(number):
        with Client(port) as client:
            return [client.send(*mail) for mail in mails[number::connections]]

    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        parts = list(pool.map(part, range(connections)))
    return [parts[i % connections][i // connections] for i in range(len(mails))]
