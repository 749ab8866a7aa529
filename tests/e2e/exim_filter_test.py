#!/usr/bin/python3
# needs: root
"""maildircrypt-pipe --filter as Exim's transport_filter: sealed, or not delivered."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import exim
import harness
import smtp
from gpg import address_of
from stand import Stand, everything_below, read_maildir

LETTER = b"Subject: filtered\r\n\r\nThe quick brown fox reads this letter.\r\n"
TRANSPORT = """\
sealed:
  driver = appendfile
  maildir_format
  directory = {directory}/maildirs/$local_part_data
  user = nobody
  group = nogroup
  batch_max = 1
  transport_filter = %s/maildircrypt-pipe --filter --keyd %s --recipient $local_part_data@sealed.test
"""


@unittest.skipIf(exim.available(), exim.available())
class EximFilter(unittest.TestCase):
    def setUp(self):
        self.stand = Stand(["cv25519"])
        self.addCleanup(self.stand.close)
        transport = TRANSPORT % (self.stand.programs, self.stand.keyd.socket)
        transport = transport.replace("$local_part_data", "cv25519")  # no mailbox table in the test
        self.exim = exim.Exim(self.stand.directory / "exim", transport)
        self.addCleanup(self.exim.stop)

    def send(self):
        queue_id = smtp.send(self.exim.port, "ada@out.test", [address_of("cv25519")], LETTER)
        return queue_id, self.exim.await_outcome(queue_id)

    def test_what_is_stored_is_sealed(self):
        self.assertEqual(self.send()[1], "sent")
        [stored] = read_maildir(self.exim.maildirs / "cv25519")
        self.assertIn(b"-----BEGIN PGP MESSAGE-----", stored)
        self.assertNotIn(b"quick brown fox", stored)

    def test_a_failing_filter_defers(self):
        self.stand.keyd.stop()
        queue_id, outcome = self.send()
        self.assertEqual(outcome, "deferred")
        self.assertIn(queue_id, self.exim.queue())
        self.assertNotIn(b"quick brown fox", everything_below(self.exim.maildirs))

    def test_a_missing_worker_defers(self):
        (self.stand.programs / "maildircrypt-pipe-worker").unlink()
        self.assertEqual(self.send()[1], "deferred")
        self.assertNotIn(b"quick brown fox", everything_below(self.exim.maildirs))


if __name__ == "__main__":
    harness.main()
