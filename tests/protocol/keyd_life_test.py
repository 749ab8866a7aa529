#!/usr/bin/python3
# needs: root
"""Expiry and revocation count from the moment on at which the clock, or their owner, says so."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
from keyd_case import OWNED, KeydCase
from processes import wait_until

LIFE = 5  # seconds


class Life(KeydCase):
    def setUp(self):
        super().setUp()
        self.start()
        self.home = gpg.GpgHome(self.here / "gpg")
        self.addCleanup(self.home.stop_agent)

    def test_a_key_that_expires_is_expired_at_the_next_lookup(self):
        self.home.run("--batch", "--pinentry-mode", "loopback", "--passphrase", "",
                      "--quick-generate-key", OWNED, "default", "default", f"seconds={LIFE}")
        certificate = self.here / "short.asc"
        certificate.write_bytes(self.home.certificate(OWNED))
        self.cli("add", OWNED, certificate, check=0)
        self.assertEqual(self.state(OWNED), "sealable")
        self.assertIn(OWNED, self.cli("expiring", "--within", "1", check=0)[0])
        wait_until(lambda: self.state(OWNED) == "expired", "the key has expired", 60)
        answer = self.curl(f"/v1/lookup/{OWNED}")[1]
        self.assertEqual(len(answer["seal_to"]), 1)  # sealed all the same, by policy
        self.assertIn("\texpired\t", self.cli("expiring", check=0)[0])

    def test_expiring_names_those_within_so_many_days(self):
        self.home.run("--batch", "--pinentry-mode", "loopback", "--passphrase", "",
                      "--quick-generate-key", OWNED, "default", "default", "20d")
        certificate = self.here / "twenty.asc"
        certificate.write_bytes(self.home.certificate(OWNED))
        self.cli("add", OWNED, certificate, check=0)
        self.assertEqual(self.cli("expiring", "--within", "19", check=0)[0], "")
        self.assertIn(OWNED, self.cli("expiring", "--within", "21", check=0)[0])
        listed = json.loads(self.cli("--json", "expiring", check=0)[0])["addresses"]
        self.assertEqual([entry["address"] for entry in listed], [OWNED])
        metrics = self.curl_text("/metrics")[1]
        self.assertIn("\nmaildircrypt_keyd_expiring_addresses 1\n", metrics)


if __name__ == "__main__":
    harness.main()
