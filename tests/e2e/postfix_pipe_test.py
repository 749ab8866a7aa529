#!/usr/bin/python3
# needs: root
"""Postfix hands mail to maildircrypt-pipe through pipe(8): what lies in the Maildirs is sealed, exactly."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness
import pipes
import postfix
from guard_tests import GuardTests


@unittest.skipIf(postfix.available(), postfix.available())
class PostfixPipe(GuardTests, unittest.TestCase):
    line_end = "lf"

    def start_mta(self, directory, options, copies, unlimited):
        main = pipes.postfix_settings("postfix-pipe.main.cf")
        if unlimited:
            main |= {"message_size_limit": "0", "virtual_mailbox_limit": "0"}
        service = pipes.postfix_service(self.stand, directory / "maildirs", options, copies)
        return postfix.Postfix(directory, self.stand.addresses, services=[service], main=main)


if __name__ == "__main__":
    harness.main()
