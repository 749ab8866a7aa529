"""keyd, our real one, with a store of its own; and stand-ins for a keyd that misbehaves."""

import json
import os
import pathlib
import pwd
import socket
import subprocess
import threading

import prometheus
from processes import Server

USER = "daemon"  # unprivileged, on every Debian; not the owner of the Maildirs


class Keyd:
    def __init__(self, directory, programs, socket_path=None, store=None, options=(), init=True):
        """`programs` is the directory that our programs stand in.

        `store` is the value of --store, SQLite by default; with `init` it is made first.
        """
        self.directory = pathlib.Path(directory)
        self.programs = pathlib.Path(programs)
        self.directory.mkdir(exist_ok=True)
        self.directory.chmod(0o755)
        os.chown(self.directory, pwd.getpwnam(USER).pw_uid, -1)
        self.socket = pathlib.Path(socket_path or self.directory / "keyd.sock")
        self.store = store or f"sqlite:{self.directory}/keys.sqlite"
        self.options = options
        self.server = None
        if init:
            self.store_id = self.init()
        self.start()

    def init(self):
        """Makes the store; its id."""
        run = subprocess.run([self.programs / "keyd", "init", "--store", self.store], check=True,
                             user=USER, group=USER, extra_groups=[], capture_output=True, cwd="/",
                             text=True)
        return run.stdout.strip()

    def start(self, traced=()):
        self.server = Server([self.programs / "keyd", "--socket", self.socket, "--store",
                              self.store, *self.options], self.directory / "keyd.log", user=USER, notify=True,
                             traced=traced)

    def stop(self):
        return self.server.stop()

    def cli(self, *arguments, data=None, check=True):
        return subprocess.run([self.programs / "keyd-cli", "--socket", self.socket, *arguments],
                              input=data, capture_output=True, check=check)

    def add(self, address, certificate):
        """`certificate` is a file."""
        self.cli("add", address, str(certificate))

    def get(self, path):
        """GET of the API, by curl: (status, JSON)."""
        body, _, status = self.curl(path, "-w", "\n%{http_code}").rpartition("\n")
        return int(status), json.loads(body) if body else None

    def metrics(self):
        """What keyd has counted: {(name without its prefix, label's value or None): number}."""
        samples = prometheus.parse(self.curl("/metrics", "-f"))
        return {(name.removeprefix("maildircrypt_keyd_"), label): value
                for (name, label), value in samples.items()}

    def curl(self, path, *options):
        return subprocess.run(["curl", "-sS", "--unix-socket", self.socket, *options,
                               f"http://keyd{path}"], capture_output=True, check=True, text=True).stdout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class BadKeyd:
    """Listens where keyd should and answers each connection with `answer`, or never when it is None."""

    def __init__(self, path, answer, close=True):
        self.answer = answer
        self.close_after = close
        self.path = pathlib.Path(path)
        self.path.unlink(missing_ok=True)
        self.open = []
        self.asked = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.path))
        self.path.chmod(0o666)
        self.listener.listen(100)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(peer)
            threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def talk(self, peer):
        try:
            while peer.recv(65536):
                self.asked += 1
                if self.answer is not None:
                    peer.sendall(self.answer)
                    if self.close_after:
                        peer.close()
                        return
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        for peer in self.open:
            peer.close()
        self.path.unlink(missing_ok=True)


def http(body, status="200 OK", kind="application/json"):
    return (f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            ).encode() + body


GARBAGE = {
    "closes at once": b"",
    "octets that mean nothing": bytes(range(256)) * 16,
    "an error page": http(b"<html>It works!</html>", kind="text/html"),
    "an empty object": http(b"{}"),
    "no key, and nothing else": http(b'{"state":"no-key"}'),
    "JSON cut off": http(b'{"state": "sealable", "pla'),
    "a body cut off": http(b"{}" * 100)[:120],
    "not found": http(b'{"error":"not found"}', status="404 Not Found"),
    "a server error": http(b"{}", status="500 Internal Server Error"),
    "a header without end": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100000,
}
