#!/usr/bin/python3
# needs: root
"""What stays of a secret key that somebody uploads by mistake: nothing, on a connection that is kept open."""

import http.client
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness
from keyd_case import OWNED, KeydCase
from memory import read_memory
from processes import wait_until


class Connection(http.client.HTTPConnection):
    """HTTP over keyd's Unix socket."""

    def __init__(self, path):
        super().__init__("keyd", timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class KeydMemory(KeydCase):
    def setUp(self):
        super().setUp()
        self.start()
        self.client = Connection(self.keyd.socket)
        self.addCleanup(self.client.close)

    def ask(self, method, path, body=None):
        self.client.request(method, path, body)
        reply = self.client.getresponse()
        return reply.status, reply.read(), reply.getheader("Connection")

    def test_a_refused_secret_key_is_forgotten_with_the_reply(self):
        secret = self.made["owned secret"].read_bytes()
        marker = secret.splitlines()[5]  # a line of base64 in the middle
        self.assertEqual(len(marker), 64)
        for path in ("/v1/check", f"/v1/addresses/{OWNED}/certificates"):
            for padding in (b"", b"x" * 20000 + b"\n"):  # in one piece, and in many
                status, body, closing = self.ask("POST", path, padding + secret)
                self.assertEqual((status, closing), (422, None), body)
        self.assertEqual(self.ask("GET", "/v1/health")[0], 200)  # the same connection
        memory = read_memory(self.keyd.server.pid)
        self.assertNotIn(marker, memory)
        self.assertNotIn(marker[:20], memory)

    def test_the_memory_that_is_read_would_show_an_upload_that_is_there(self):
        self.client.connect()
        self.client.sock.sendall(b"POST /v1/check HTTP/1.1\r\nContent-Length: 30000\r\n\r\n" +
                                 b"MARK7777-" * 2000)
        wait_until(lambda: b"MARK7777-" in read_memory(self.keyd.server.pid),
                           "the half upload is found")


if __name__ == "__main__":
    harness.main()
