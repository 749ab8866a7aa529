#!/usr/bin/python3
"""The independent undoing obeys seal/FORMAT and refuses recipes that hide text."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness
from undo import Refused, crc24, packets, take_apart, undo

B = b"=_0123456789abcdef0123456789abcdef"
OWN = (b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="' + B
       + b'"; protected-headers="v1"\r\n\r\n--' + B + b"\r\n")
TAIL = b"\r\n--" + B + b"--\r\n"


def payload(text, eol="crlf", cut="0+0", tail=0):
    return f"Maildircrypt-Recipe: v=1; eol={eol}; cut={cut}; tail={tail}\r\n".encode() + text


class Undo(unittest.TestCase):
    def test_none_gives_the_text(self):
        self.assertEqual(undo(payload(b"Subject: x\r\n\r\nbody\r\n")), b"Subject: x\r\n\r\nbody\r\n")
        self.assertEqual(undo(payload(b"")), b"")

    def test_lf_takes_one_carriage_return_before_every_lf(self):
        self.assertEqual(undo(payload(b"a\r\nb\r\r\nc\rd", eol="lf")), b"a\nb\r\nc\rd")

    def test_line_ends_are_looked_at_when_our_text_is_gone(self):
        text = b'Content-Type: text/plain\r; protected-headers="v1"\n\r\n'
        self.assertEqual(undo(payload(text, eol="lf", cut="25+24")), b"Content-Type: text/plain\n\n")

    def test_crlf_keeps_bare_line_ends(self):
        self.assertEqual(undo(payload(b"a\r\nb\nc\rd")), b"a\r\nb\nc\rd")

    def test_the_parameter_is_taken_out_of_its_place(self):
        text = b'Content-Type: text/plain; protected-headers="v1"; charset=utf-8\r\n\r\nx'
        self.assertEqual(undo(payload(text, cut="24+24")),
                         b"Content-Type: text/plain; charset=utf-8\r\n\r\nx")

    def test_a_wrap_is_taken_off(self):
        copies = b"From: a\r\nsubject : b\r\n folded\r\n"
        text = copies + OWN + b"From: a\r\n\r\nx" + TAIL
        cut = f"0+{len(copies + OWN)}"
        self.assertEqual(undo(payload(text, cut=cut, tail=len(TAIL))), b"From: a\r\n\r\nx")

    def test_what_is_not_ours_is_refused(self):
        good = OWN + b"x" + TAIL
        wrap = {"cut": f"0+{len(OWN)}", "tail": len(TAIL)}
        self.assertEqual(undo(payload(good, **wrap)), b"x")
        evil = b"X-Evil: 1\r\n" + OWN
        hidden = b"From: a\nX-Evil: 1\r\n" + OWN
        for why, text in [
            ("no recipe", b"Subject: x\r\n\r\n"),
            ("a leading zero", payload(b"abc", cut="00+0")),
            ("another version", payload(b"").replace(b"v=1", b"v=2")),
            ("a space more", payload(b"").replace(b"; eol", b";  eol")),
            ("another line end", payload(b"").replace(b"\r\n", b"\n")),
            ("a recipe further down", b"X: y\r\n" + payload(b"")),
            ("other text cut", payload(b"hello", cut="0+5")),
            ("nothing cut at a place", payload(b"hello", cut="3+0")),
            ("a tail alone", payload(b"hello", tail=2)),
            ("a tail with the parameter", payload(b'; protected-headers="v1"xx', cut="0+24", tail=2)),
            ("more than there is", payload(b"hello", cut="0+99")),
            ("a tail that overlaps", payload(OWN, cut=f"0+{len(OWN)}", tail=len(TAIL))),
            ("another field in the wrap", payload(evil + b"x" + TAIL, cut=f"0+{len(evil)}",
                                                  tail=len(TAIL))),
            ("a line within a copied field", payload(hidden + b"x" + TAIL, cut=f"0+{len(hidden)}",
                                                     tail=len(TAIL))),
            ("a wrap without tail", payload(good, cut=wrap["cut"])),
            ("a tail of another boundary", payload(good.replace(B + b"--", B[:-1] + b"0--"), **wrap)),
            ("a wrap in the middle", payload(b"yy" + good, cut=f"2+{len(OWN)}", tail=len(TAIL))),
            ("a boundary not ours", payload(good.replace(b"=_0", b"=_g"), **wrap)),
            ("an LF without CR", payload(b"a\nb\r\n", eol="lf")),
        ]:
            with self.subTest(why), self.assertRaises(Refused):
                undo(text)

    def test_the_checksum_and_packets_are_read_as_rfc_4880_says(self):
        self.assertEqual(crc24(b""), 0xB704CE)
        self.assertEqual(crc24(b"123456789"), 0x21CF02)  # the check value of CRC-24/OPENPGP
        self.assertEqual(packets(b"\xc1\x02\x03x\xd2\xe1\x01y\x02zw"), [(1, 3), (18, 1)])
        with self.assertRaises(Refused):
            packets(b"\xc1\x05\x03x")

    def test_a_clear_message_is_not_taken_for_a_sealed_one(self):
        with self.assertRaises(Refused):
            take_apart(b"Subject: x\n\nbody\n")


if __name__ == "__main__":
    harness.main()
