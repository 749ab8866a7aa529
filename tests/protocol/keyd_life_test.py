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


class Revocation(KeydCase):
    """Uploaded for a key that is in use: from the next lookup on nothing is sealed to it."""

    def setUp(self):
        super().setUp()
        self.start()
        self.home = gpg.GpgHome(self.here / "gpg")
        self.addCleanup(self.home.stop_agent)
        self.home.generate("cv25519", OWNED)
        self.before = self.write("before", self.home.certificate(OWNED))
        self.cli("add", OWNED, self.before, check=0)
        self.assertEqual(self.state(OWNED), "sealable")

    def write(self, name, content):
        path = self.here / f"{name}.asc"
        path.write_bytes(content)
        path.chmod(0o644)
        return path

    def revocation(self):
        """The one that gpg made beside the key, its safety catch taken off."""
        [path] = (self.home.path / "openpgp-revocs.d").glob("*.rev")
        return path.read_bytes().replace(b":-----BEGIN", b"-----BEGIN")

    def edit(self, *commands):
        return self.home.run("--no-batch", "--command-fd", "0", "--status-fd", "2",
                             "--pinentry-mode", "loopback", "--passphrase", "", *commands[:-1],
                             data=commands[-1].encode()).stdout

    def check_revoked(self):
        answer = self.curl(f"/v1/lookup/{OWNED}")[1]
        self.assertEqual((answer["state"], answer["seal_to"]), ("revoked", []))

    def test_a_revocation_alone_revokes_at_once_and_for_good(self):
        alone = self.write("revocation", self.revocation())
        self.cli("add", OWNED, alone, role="the owner", check=0)
        self.check_revoked()
        self.cli("add", OWNED, self.before)  # as it was before: nothing revives it
        self.check_revoked()
        self.keyd.server.stop()
        self.restart()
        self.check_revoked()

    def test_a_revoked_certificate_revokes_at_once(self):
        self.home.run("--import", data=self.revocation())
        revoked = self.write("revoked", self.home.certificate(OWNED))
        self.cli("add", OWNED, revoked, role="the owner", check=0)
        self.check_revoked()

    def test_a_revoked_subkey_is_sealed_to_no_more(self):
        self.edit("--edit-key", OWNED, "key 1\nrevkey\ny\n0\n\ny\nsave\n")
        self.cli("add", OWNED, self.write("subkey", self.home.certificate(OWNED)), check=0)
        self.check_revoked()

    def test_a_designated_revocation_is_refused_and_lost_key_does_it(self):
        self.home.generate("cv25519", f"rita@{gpg.DOMAIN}")
        self.edit("--edit-key", OWNED, f"addrevoker\nrita@{gpg.DOMAIN}\ny\nsave\n")
        self.cli("add", OWNED, self.write("named", self.home.certificate(OWNED)), check=0)
        self.assertEqual(self.state(OWNED), "sealable")
        alone = self.write("designated", self.edit("--armor", "--desig-revoke", OWNED,
                                                   "y\n0\n\ny\n"))
        output, errors = self.cli("add", OWNED, alone)
        self.assertIn("keyd-cli lost-key", output + errors)
        metrics = self.curl_text("/metrics")[1]
        self.assertIn('maildircrypt_keyd_refusals_total{reason="revoked"} 1\n', metrics)
        self.cli("lost-key", OWNED, role="the owner", check=0)
        self.assertEqual(self.state(OWNED), "tombstone")


if __name__ == "__main__":
    harness.main()
