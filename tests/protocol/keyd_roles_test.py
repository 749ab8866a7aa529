#!/usr/bin/python3
# needs: root
"""Every endpoint of keyd's API, asked for by every role: who may, and nobody else."""

import json
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness
from keyd_case import ADMINISTRATORS, ANN, OWNED, ROLES, KeydCase

NOBODY = "0" * 40  # a fingerprint that no certificate has
UPLOAD = "upload"
ALIAS = json.dumps({"targets": ["all@sealed.test"]})
NOTHING_TO_RESTORE = json.dumps({"store": {"id": "0" * 32, "revision": 0},
                                 "log": {"sequence": 0, "head": "0" * 64}, "entries": []})

# Which role may ask, and what a request needs beside method and path.
ENDPOINTS = {
    ("GET", "/v1/lookup/ADDRESS"): ("everyone", ""),
    ("GET", "/v1/health"): ("everyone", ""),
    ("POST", "/v1/check"): ("everyone", UPLOAD),
    ("POST", "/v1/clear/ADDRESS"): ("everyone", ""),
    ("POST", "/v1/addresses/ADDRESS/certificates"): ("owner", UPLOAD),
    ("GET", "/v1/addresses/ADDRESS"): ("owner", ""),
    ("GET", "/v1/addresses/ADDRESS/certificates"): ("owner", ""),
    ("DELETE", "/v1/addresses/ADDRESS/certificates/FINGERPRINT"): ("owner", ""),
    ("DELETE", "/v1/addresses/ADDRESS"): ("owner", ""),
    ("POST", "/v1/addresses/ADDRESS/lost"): ("owner", ""),
    ("PUT", "/v1/addresses/ADDRESS/alias"): ("administrator", ALIAS),
    ("DELETE", "/v1/addresses/ADDRESS/alias"): ("administrator", ""),
    ("GET", "/v1/aliases"): ("administrator", ""),
    ("PUT", "/v1/recovery/DOMAIN"): ("administrator", UPLOAD),
    ("DELETE", "/v1/recovery/DOMAIN"): ("administrator", ""),
    ("GET", "/v1/recovery/DOMAIN"): ("everyone", ""),
    ("GET", "/v1/recovery"): ("administrator", ""),
    ("GET", "/v1/addresses"): ("administrator", ""),
    ("GET", "/v1/log"): ("administrator", ""),
    ("POST", "/v1/log/verify"): ("administrator", ""),
    ("DELETE", "/v1/log"): ("administrator", "?address=gone@sealed.test"),
    ("GET", "/metrics"): ("administrator", ""),
    ("POST", "/v1/backup"): ("administrator", ""),
    ("GET", "/v1/backup/TOKEN/entries"): ("administrator", ""),
    ("GET", "/v1/backup/TOKEN/log"): ("administrator", ""),
    ("POST", "/v1/restore"): ("administrator", NOTHING_TO_RESTORE),
}
# What only administrators may do at an endpoint that is an owner's, too.
MORE = {("POST", "/v1/addresses/ADDRESS/certificates"): "?any_user_id=yes"}


def documented():
    """The endpoints of keyd/API, with the role that stands beside each."""
    heading = re.compile(r"^[A-Z][A-Z ]+[A-Z] +(GET|POST|PUT|DELETE) (/\S+) +(everyone|owner|administrator)$",
                         re.MULTILINE)
    return {(method, path): role for method, path, role in
            heading.findall((harness.ROOT / "keyd/API").read_text())}


def actions():
    """What the code knows to do."""
    text = (harness.ROOT / "keyd/api_action.hpp").read_text()
    body = re.search(r"enum class Action \{(.*?)\};", text, re.DOTALL)[1]
    return re.findall(r"^\s+(\w+),", body, re.MULTILINE)


class Roles(KeydCase):
    def setUp(self):
        super().setUp()
        self.start()

    def test_the_table_holds_every_endpoint_as_it_is_documented(self):
        self.assertEqual(documented(), {key: role for key, (role, _) in ENDPOINTS.items()})
        self.assertEqual(len(actions()), len(ENDPOINTS), "an action without a row, or the reverse")

    def allowed(self, role, address):
        if role == "everyone":
            return set(ROLES)
        owner = {"the owner"} if role == "owner" and address == OWNED else set()
        return {*ADMINISTRATORS, *owner}

    def ask(self, method, path, address, extra, role):
        """After both addresses were put back into their first state, where a request may change it."""
        if method != "GET" and "/addresses/" in path:
            for name, certificate in ((OWNED, "owned"), (ANN, "cv25519")):
                self.curl(f"/v1/addresses/{name}", "-X", "DELETE")
                self.assertEqual(self.upload(name, certificate)[0], 201)
        options = ["-X", method]
        if extra.startswith(UPLOAD):
            options += ["--data-binary", f"@{self.made['owned' if address == OWNED else 'cv25519']}"]
        if extra.startswith("{"):
            options += ["--data-binary", extra]
            extra = ""
        path = path.replace("ADDRESS", address).replace("FINGERPRINT", NOBODY)
        path = path.replace("DOMAIN", "sealed.test")
        path += extra.removeprefix(UPLOAD)
        return self.curl_text(path, *options, role=role)

    def check(self, method, path, role, extra):
        for address in (OWNED, ANN) if "ADDRESS" in path else (OWNED,):
            for who in ROLES:
                with self.subTest(method=method, path=path, address=address, who=who):
                    status, body = self.ask(method, path, address, extra, who)
                    self.assertEqual(status == 403, who not in self.allowed(role, address), body)
                    if status == 403:
                        self.assertIn('"not_permitted"', body)
                    else:
                        # What has keys, as both addresses have, does not become an alias.
                        expected = (422,) if extra == ALIAS else (200, 201, 404)
                        self.assertIn(status, expected, body)

    def test_each_role_has_its_endpoints_and_no_other(self):
        for (method, path), (role, extra) in ENDPOINTS.items():
            self.check(method, path, role, extra)

    def test_what_an_owner_may_not_ask_of_an_endpoint_of_theirs(self):
        for (method, path), query in MORE.items():
            self.check(method, path, "administrator", UPLOAD + query)


if __name__ == "__main__":
    harness.main()
