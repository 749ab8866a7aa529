#!/usr/bin/python3
"""Two undoings, admin/undo.cpp and lib/undo.py, agree on every payload, however it was altered.

    UNDO_SEED=N UNDO_COUNT=N    another seed, another number of payloads
"""

import os
import pathlib
import random
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness
import undo

PROGRAM = harness.BUILD / "tests/undo_for_test"
SEED = int(os.environ.get("UNDO_SEED", random.SystemRandom().randrange(1 << 32)))
COUNT = int(os.environ.get("UNDO_COUNT", 40000))
PARAMETER = b'; protected-headers="v1"'
FIELDS = [b"From: a\r\n", b"SUBJECT \t: b\r\n folded\r\n", b"to:\r\n", b"Message-ID: <1>\r\n\t\r\n"]
TEXTS = [b"", b"x", b"Subject: s\r\n\r\nbody\r\n", b"a\r\nb\r\r\n\r\nc\rd", b"a\nb\r\n", b"\r\n\n"]
SNIPPETS = [b"\n", b"\r", b"\r\n", b"\0", b" ", b"\t", b":", b"X-Evil: 1\r\n", b"From: b\n", b"--",
            b"Cc: c\r\n", b"=_", b"0", b"9", b"+", b";", PARAMETER, b"MIME-Version: 1.0\r\n", b"From\0:"]


def recipe(eol, offset, cut, tail):
    return b"Maildircrypt-Recipe: v=1; eol=%s; cut=%d+%d; tail=%d\r\n" % (eol, offset, cut, tail)


def genuine(chance):
    """A payload as the sealer writes it, and where our insertion ends."""
    eol = chance.choice([b"lf", b"crlf"])
    text = chance.choice(TEXTS)
    form = chance.choice(["none", "parameter", "wrap", "wrap"])
    if form == "none":
        return recipe(eol, 0, 0, 0) + text
    if form == "parameter":
        at = chance.randrange(len(text) + 1)
        return recipe(eol, at, len(PARAMETER), 0) + text[:at] + PARAMETER + text[at:]
    boundary = b"=_%032x" % chance.getrandbits(128)
    head = b"".join(chance.sample(FIELDS, chance.randrange(len(FIELDS) + 1)))
    if chance.random() < 0.3:  # altered with lengths that still fit
        head = disturb(chance, head)
    head += (b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="%s";'
             b' protected-headers="v1"\r\n\r\n--%s\r\n' % (boundary, boundary))
    tail = b"\r\n--%s--\r\n" % boundary
    return recipe(eol, 0, len(head), len(tail)) + head + text + tail


def disturb(chance, text):
    at = chance.randrange(len(text) + 1)
    end = at + chance.choice([0, 0, 1, 2, chance.randrange(30)])
    return text[:at] + chance.choice([b"", *SNIPPETS, bytes([chance.randrange(256)])]) + text[end:]


def change_numbers(chance, payload):
    def other(match):
        number = int(match.group())
        return str(max(0, chance.choice([number, number + 1, number - 1, number + 2, 0, 24, number * 2,
                                         1 << 64, (1 << 64) - number]))).encode()
    line, end, rest = payload.partition(b"\r\n")
    return line[:33] + re.sub(rb"\d+", other, line[33:]) + end + rest


def payload_from(chance):
    payload = genuine(chance)
    for _ in range(chance.choice([0, 1, 1, 2, 3])):
        payload = change_numbers(chance, payload) if chance.random() < 0.3 else disturb(chance, payload)
    return payload


def undone_here(payload):
    try:
        return b"=" + undo.undo(payload)
    except undo.Refused as why:
        return b"!" + str(why).encode()


def undone_there(payloads):
    records = b"".join(b"%d\n%s" % (len(payload), payload) for payload in payloads)
    output = subprocess.run([PROGRAM], input=records, stdout=subprocess.PIPE, check=True).stdout
    while output:
        length, _, output = output.partition(b"\n")
        yield output[:int(length)]
        output = output[int(length):]


class TwoUndoings(unittest.TestCase):
    def test_they_agree_on_altered_payloads(self):
        print(f"UNDO_SEED={SEED} UNDO_COUNT={COUNT}")
        chance = random.Random(SEED)
        opened = 0
        for _ in range(0, COUNT, 1000):
            payloads = [payload_from(chance) for _ in range(1000)]
            answers = list(undone_there(payloads))
            self.assertEqual(len(answers), len(payloads))
            for payload, there in zip(payloads, answers):
                here = undone_here(payload)
                opened += here.startswith(b"=")
                if here.startswith(b"="):
                    self.assertEqual(there, here, payload)
                else:
                    self.assertTrue(there.startswith(b"!"), (payload, here, there))
        print(f"{opened} of {COUNT} gave an original")
        self.assertGreater(opened, COUNT // 20)
        self.assertLess(opened, COUNT * 9 // 10)


if __name__ == "__main__":
    harness.main()
