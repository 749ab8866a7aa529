#!/usr/bin/python3
# needs: root
"""curl speaks to keyd's API over the socket, and an unprivileged user is refused what is not theirs."""

import json
import pathlib
import pwd
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import testkeys
from stand import Stand

ADDRESS = gpg.address_of("cv25519")


class KeydApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stand = Stand(kinds=["cv25519", "rsa2048"])
        cls.addClassCleanup(cls.stand.close)

    def curl(self, path, *options, user="root", data=None):
        """(status, body)"""
        run = subprocess.run(
            ["curl", "-sS", "--unix-socket", self.stand.keyd.socket, "-w", "\n%{http_code}",
             *options, *(["--data-binary", "@-"] if data is not None else []), f"http://keyd{path}"],
            input=data, capture_output=True, check=True, cwd="/", user=user,
            group=pwd.getpwnam(user).pw_gid, extra_groups=[])
        body, _, status = run.stdout.rpartition(b"\n")
        return int(status), body

    def test_everyone_may_look_up_an_address(self):
        for user in ("root", "nobody"):
            status, body = self.curl(f"/v1/lookup/{ADDRESS}", user=user)
            self.assertEqual(status, 200)
            self.assertEqual(json.loads(body)["state"], "sealable")
        status, body = self.curl("/v1/lookup/nobody@elsewhere.test", user="nobody")
        self.assertEqual((status, json.loads(body)["state"]), (200, "no-key"))

    def test_the_administrator_lists_adds_exports_and_removes(self):
        address = "new@sealed.test"
        certificate = testkeys.certificate("cv25519").read_bytes()
        path = f"/v1/addresses/{address}"
        status, body = self.curl("/v1/addresses")
        self.assertEqual(status, 200)
        self.assertIn(ADDRESS.encode(), body)
        status, _ = self.curl(f"{path}/certificates", "-X", "POST", data=certificate)
        self.assertGreaterEqual(status, 400, "the certificate bears another address")
        status, body = self.curl(f"{path}/certificates?any_user_id=yes", "-X", "POST",
                                 data=certificate)
        self.assertIn(status, (200, 201), body)
        status, body = self.curl(f"{path}/certificates")
        self.assertEqual(status, 200)
        self.assertIn(b"-----BEGIN PGP PUBLIC KEY BLOCK-----", body)
        status, body = self.curl(path, "-X", "DELETE")
        self.assertIn(status, (200, 204), body)
        status, body = self.curl(f"/v1/lookup/{address}")
        self.assertEqual(json.loads(body)["state"], "no-key")

    def test_an_unprivileged_user_is_refused_what_is_not_theirs(self):
        certificate = testkeys.certificate("stranger").read_bytes()
        for path, options, data in [
            ("/v1/addresses", (), None),
            (f"/v1/addresses/{ADDRESS}", ("-X", "DELETE"), None),
            (f"/v1/addresses/{ADDRESS}/certificates", ("-X", "POST"), certificate),
            (f"/v1/addresses/{ADDRESS}/certificates?any_user_id=yes", ("-X", "POST"), certificate),
            ("/v1/addresses/fresh@sealed.test/certificates?any_user_id=yes", ("-X", "POST"), certificate),
            ("/v1/log", (), None),
        ]:
            with self.subTest(path=path, options=options):
                status, body = self.curl(path, *options, user="nobody", data=data)
                self.assertEqual(status, 403, body)
        before = self.curl(f"/v1/lookup/{ADDRESS}")[1]
        self.assertEqual(json.loads(before)["state"], "sealable")
        status, body = self.curl("/v1/lookup/fresh@sealed.test")
        self.assertEqual(json.loads(body)["state"], "no-key")

    def test_what_the_api_does_not_know_is_said_to_be_unknown(self):
        self.assertEqual(self.curl("/v1/nothing")[0], 404)
        self.assertEqual(self.curl("/")[0], 404)
        self.assertEqual(self.curl(f"/v1/lookup/{ADDRESS}", "-X", "PUT", data=b"x")[0], 405)

    def test_a_secret_key_is_refused(self):
        secret = self.stand.users.run("--armor", "--export-secret-keys", f"<{ADDRESS}>").stdout
        self.assertIn(b"PRIVATE KEY", secret)
        status, body = self.curl(f"/v1/addresses/{ADDRESS}/certificates", "-X", "POST", data=secret)
        self.assertIn(status, (400, 422), body)
        self.assertIn(b"secret", body.lower())

    def test_keyd_refuses_to_start_on_a_store_that_was_never_initialised(self):
        run = subprocess.run(
            [self.stand.programs / "keyd", "--socket", self.stand.directory / "x.sock", "--store",
             f"sqlite:{self.stand.directory}/missing.sqlite"], capture_output=True, timeout=20)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn(b"keyd init", run.stderr)
        self.assertFalse((self.stand.directory / "missing.sqlite").exists())


if __name__ == "__main__":
    harness.main()
