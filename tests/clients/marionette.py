"""A small client of Marionette, Thunderbird's remote control: JSON over TCP, `LENGTH:JSON` each way."""

import json
import socket


class Marionette:
    def __init__(self, port, timeout=120):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.buffer = b""
        self.number = 0
        self.receive()  # it introduces itself
        self.command("WebDriver:NewSession", unhandledPromptBehavior="ignore")
        self.command("WebDriver:SetTimeouts", script=60000)
        self.command("Marionette:SetContext", value="chrome")

    def more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise AssertionError("Thunderbird closed the connection")
        self.buffer += piece

    def receive(self):
        while b":" not in self.buffer:
            self.more()
        length, _, self.buffer = self.buffer.partition(b":")
        while len(self.buffer) < int(length):
            self.more()
        message, self.buffer = self.buffer[:int(length)], self.buffer[int(length):]
        return json.loads(message)

    def command(self, name, **parameters):
        self.number += 1
        text = json.dumps([0, self.number, name, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        while True:
            kind, number, error, result = self.receive()
            if (kind, number) == (1, self.number):
                break
        if error:
            raise AssertionError(f"{name}: {error.get('error')}: {error.get('message')}")
        return result

    def run(self, script, *arguments):
        """Runs `script` as the body of an async function in the program's own scope; arguments are in
        the array `given`."""
        body = ("const given = Array.from(arguments), done = given.pop();"
                "(async () => {" + script + "})().then(value => done({value: value ?? null}),"
                " error => done({error: String(error) + '\\n' + error?.stack}));")
        answer = self.command("WebDriver:ExecuteAsyncScript", sandbox="system", newSandbox=True,
                              args=list(arguments), script=body)["value"]
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]
