"""Connections to our front ends that send letters and tell what becomes of each."""

import itertools

import lmtp
import openpgp
from milter_client import MilterClient, edited
from undo import take_apart
from verify import is_sealed

SENDER = "ada@out.test"
BODY = b"the secret plaintext of this message\r\n"
LATER, CLEAR = "later", "clear"
numbers = itertools.count()


class LetterSender:
    """Inherited with hand_on(address, fields): (answer, the message that went on if any)."""

    def send(self, address):
        """The set of the key ids that the letter was sealed to, CLEAR, or LATER: because of the keys' state alone,
        any other reason is an error."""
        answer, message = self.hand_on(address, [
            ("From", f" {SENDER}"), ("Subject", " hidden"), ("Message-ID", f" <{next(numbers)}@out.test>")])
        if message is None:
            assert answer.startswith("451 4.7.1"), answer
            return LATER
        assert answer.startswith("250"), answer
        if not is_sealed(message):
            return CLEAR
        assert BODY.strip() not in message
        return frozenset(openpgp.sealed_to(take_apart(message).armour))


class LmtpSender(LetterSender):
    """To maildircrypt-lmtp, behind which is a FakeNextHop."""

    def __init__(self, server, hop):
        self.hop = hop
        self.client = lmtp.Client(server.socket)

    def hand_on(self, address, fields):
        answer = self.client.envelope(SENDER, [address])[1]
        if not answer.startswith("250"):
            self.client.say("RSET")
            return answer, None
        header = "".join(f"{name}:{value}\r\n" for name, value in fields).encode()
        answer, = self.client.data(header + b"\r\n" + BODY, 1)
        own = dict(fields)["Message-ID"].encode()  # which stays readable outside
        return answer, next((each.content for each in reversed(self.hop.transactions)
                             if own in each.content), None)


class MilterSender(LetterSender):
    """To maildircrypt-milter, as an MTA that hands on what the milter makes of it."""

    def __init__(self, server):
        self.client = MilterClient(server.socket)
        self.client.negotiate()
        self.client.connect()

    def hand_on(self, address, fields):
        edits, answer = self.client.message([address], fields, BODY)
        if answer == "continue":
            return "250", edited(fields, BODY, edits)
        self.client.abort()
        return answer, None
