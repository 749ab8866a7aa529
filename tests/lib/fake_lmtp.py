"""A next hop that says what a test wants, right or wrong, at each step of LMTP."""

import atexit
import os
import re
import socket
import threading

CLOSE = object()  # closes the connection instead of answering
MUTE = object()  # never answers
FEATURES = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING", "DSN", "SIZE",
            "XFORWARD NAME ADDR")
GARBAGE = b"\x00\xffthis is no reply at all\r\n"


class Transaction:
    def __init__(self, connection, mail, xforward):
        self.connection = connection
        self.mail = mail
        self.xforward = xforward
        self.recipients = []
        self.content = None
        self.how = None  # DATA or BDAT


class FakeNextHop:
    """Listens on a Unix socket. `answers` maps a step to what is said there instead of yes.

    Steps: greeting, lhlo, xforward, mail, rcpt, data, middle (content has begun), end, rset, quit. An
    answer is text without its CRLF, octets, CLOSE, MUTE, or a function of the command's line (of the
    recipient's command at `end`) that returns one of these or None for yes.
    """

    def __init__(self, path, features=FEATURES, answers=None):
        self.path = str(path)
        self.features = features
        self.answers = dict(answers or {})
        self.transactions = []  # with whole content
        self.connections = 0
        self.seen = []  # all command lines
        self.over = threading.Event()
        self.sockets = []
        self.listen()
        atexit.register(self.stop)

    def listen(self):
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o666)
        self.listener.listen(256)
        threading.Thread(target=self.accept, args=[self.listener], daemon=True).start()

    def accept(self, listener):
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            self.sockets.append(line)
            threading.Thread(target=self.serve, args=[line, self.connections], daemon=True).start()

    def serve(self, line, number):
        try:
            Talk(self, line, number).run()
        except (OSError, Over, ValueError):
            pass
        finally:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            line.close()

    def drop_connections(self):
        for line in self.sockets:
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.sockets.clear()

    def stop(self):
        self.over.set()
        try:  # a thread that waits in accept() would still take the next connection
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.drop_connections()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Over(Exception):
    """This connection is at its end."""


class Talk:
    def __init__(self, hop, line, number):
        self.hop = hop
        self.socket = line
        self.file = line.makefile("rb")
        self.number = number
        self.trace = []
        self.transaction = None

    def say(self, step, command, yes):
        """Returns whether the answer was yes."""
        answer = self.hop.answers.get(step)
        if callable(answer):
            answer = answer(command)
        if answer is CLOSE:
            raise Over
        if answer is MUTE:
            self.hop.over.wait()
            raise Over
        if isinstance(answer, str):
            answer = answer.encode() + b"\r\n"
        self.socket.sendall(answer if answer is not None else yes.encode() + b"\r\n")
        return answer is None or answer[:1] in (b"2", b"3")

    def run(self):
        self.say("greeting", "", "220 next.test LMTP")
        while True:
            line = self.file.readline()
            if not line.endswith(b"\r\n"):
                return
            command = line[:-2].decode("utf-8", "surrogateescape")
            self.hop.seen.append(command)
            verb = command.split(" ")[0].upper()
            getattr(self, verb.lower())(command)

    def lhlo(self, command):
        lines = ["next.test", *self.hop.features]
        text = "\r\n".join(f"250{'-' if i < len(lines) - 1 else ' '}{text}"
                           for i, text in enumerate(lines))
        self.say("lhlo", command, text)

    def xforward(self, command):
        if self.say("xforward", command, "250 2.0.0 Ok"):
            self.trace.append(command)

    def mail(self, command):
        if self.say("mail", command, "250 2.1.0 Ok"):
            self.transaction = Transaction(self.number, command, self.trace)
            self.trace = []

    def rcpt(self, command):
        if self.transaction is None:
            return self.socket.sendall(b"503 5.5.1 MAIL first\r\n")
        if self.say("rcpt", command, "250 2.1.5 Ok"):
            self.transaction.recipients.append(command)

    def data(self, command):
        if not self.transaction or not self.transaction.recipients:
            return self.socket.sendall(b"503 5.5.1 no recipients\r\n")
        if not self.say("data", command, "354 go"):
            return None
        content = b""
        self.middle()
        while not content.endswith(b"\r\n.\r\n") and content != b".\r\n":
            piece = self.file.readline()
            if not piece:
                raise Over
            content += piece
        self.finish(re.sub(rb"\r\n\.", b"\r\n", b"\r\n" + content[:-3])[2:], "DATA")

    def bdat(self, command):
        if not self.transaction or not self.transaction.recipients:
            raise Over
        size = int(command.split()[1])
        self.middle()
        content = self.file.read(size)
        if len(content) < size:
            raise Over
        self.finish(content, "BDAT")

    def middle(self):
        if "middle" in self.hop.answers:
            self.say("middle", "", "")

    def finish(self, content, how):
        transaction, self.transaction = self.transaction, None
        transaction.content = content
        transaction.how = how
        self.hop.transactions.append(transaction)
        for recipient in transaction.recipients:
            self.say("end", recipient, "250 2.0.0 saved")

    def rset(self, command):
        self.transaction = None
        self.say("rset", command, "250 2.0.0 Ok")

    def quit(self, command):
        self.say("quit", command, "221 2.0.0 bye")
        raise Over

    def noop(self, command):
        self.say("noop", command, "250 2.0.0 Ok")
