#!/usr/bin/python3
# needs: root
"""keyd-cli import, backup and restore, on SQLite and on PostgreSQL."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
from keyd import Keyd
from postgresql import Postgresql

DOMAIN = "import.test"
KINDS = ("sqlite", "postgresql")


class BackupTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = harness.temporary_directory()
        cls.programs = harness.install_programs(cls.directory / "bin")
        cls.server = Postgresql(cls.directory / "pg")
        cls.addClassCleanup(cls.server.stop)
        cls.home = gpg.GpgHome(cls.directory / "gpg")
        cls.addClassCleanup(cls.home.stop_agent)
        for name in ("ann", "joe.doe", "bob"):
            cls.home.generate("cv25519", f"{name}@{DOMAIN}")
        cls.home.generate("cv25519", "eve@elsewhere.test")

    def setUp(self):
        self.here = self.directory / self.id().rsplit(".", maxsplit=1)[-1][5:40]
        self.here.mkdir()
        self.here.chmod(0o755)

    def keyd(self, name, kind="sqlite"):
        store = f"postgresql:{self.server.create()}" if kind == "postgresql" else None
        keyd = Keyd(self.here / name, self.programs, store=store)
        self.addCleanup(keyd.stop)
        return keyd

    def certificate(self, name):
        return self.home.run("--export", name).stdout

    def cli(self, keyd, *arguments, status=0):
        run = keyd.cli(*map(str, arguments), check=False)
        self.assertEqual(run.returncode, status, (run.stdout + run.stderr).decode())
        return run.stdout.decode() + run.stderr.decode()

    def state(self, keyd, address):
        status, answer = keyd.get(f"/v1/lookup/{address}")
        return answer["state"] if status == 200 else status

    # ---- import

    def assert_imported(self, keyd, path, added, refused=0, *options):
        text = self.cli(keyd, "import", path, *options, status=65 if refused else 0)
        self.assertIn(f"added {added}, ", text)
        self.assertIn(f"refused {refused}, ", text)
        return text

    def test_every_kind_of_source_is_read(self):
        files = self.here / "files"
        files.mkdir()
        everything = self.home.run("--export").stdout
        (files / "all.gpg").write_bytes(everything)
        armoured = self.here / "all.asc"
        armoured.write_bytes(self.home.run("--armor", "--export", "ann").stdout +
                             self.home.run("--armor", "--export", "bob").stdout)
        certd = self.here / "cert.d"
        primary = False
        for line in self.home.run("--with-colons", "--list-keys").stdout.decode().splitlines():
            primary = line.startswith("pub:") or (primary and line.startswith("fpr:"))
            if primary and line.startswith("fpr:"):
                fingerprint = line.split(":")[9].lower()
                certificate = self.certificate(fingerprint)
                (certd / fingerprint[:2]).mkdir(parents=True, exist_ok=True)
                (certd / fingerprint[:2] / fingerprint[2:]).write_bytes(certificate)
        wkd = self.here / "wkd/.well-known/openpgpkey" / DOMAIN / "hu"
        wkd.mkdir(parents=True)
        (wkd / "iy9q119eutrkn8s1mk4r39qejnbu3n5q").write_bytes(self.certificate("joe.doe"))
        for name, path, added in (("home", self.home.path, 4), ("files", files, 4),
                                  ("keybox", self.home.path / "pubring.kbx", 4),
                                  ("armour", armoured, 2), ("certd", certd, 4),
                                  ("wkd", self.here / "wkd", 1)):
            with self.subTest(source=name):
                keyd = self.keyd(f"keyd-{name}")
                self.assert_imported(keyd, path, added)
                self.assertEqual(self.state(keyd, f"joe.doe@{DOMAIN}"),
                                 "no-key" if name == "armour" else "sealable")
                revision = keyd.get("/v1/health")[1]["store"]["revision"]
                self.assertIn(f"known already {added}", self.assert_imported(keyd, path, 0))
                self.assertEqual(keyd.get("/v1/health")[1]["store"]["revision"], revision)
                keyd.stop()

    def test_a_dry_run_and_domains_that_are_not_wanted_change_nothing(self):
        keyd = self.keyd("one")
        self.assertIn("acceptable 4, ", self.cli(keyd, "import", self.home.path, "--dry-run"))
        self.assertEqual(keyd.get("/v1/health")[1]["store"]["revision"], 0)
        self.assert_imported(keyd, self.home.path, 3, 0, "--domains", f"other.test,{DOMAIN.upper()}")
        self.assertEqual(self.state(keyd, "eve@elsewhere.test"), "no-key")

    def test_what_is_refused_is_named_and_the_rest_goes_on(self):
        keyd = self.keyd("one")
        mixed = self.here / "mixed.asc"
        secret = self.home.run("--armor", "--export-secret-keys", "bob").stdout
        broken = self.home.run("--armor", "--export", "joe.doe").stdout
        broken = broken[:200] + b"!!!!" + broken[204:]
        mixed.write_bytes(secret + broken + self.home.run("--armor", "--export", "ann").stdout)
        text = self.assert_imported(keyd, mixed, 1, 2)
        self.assertIn("secret key", text)
        self.assertEqual(self.state(keyd, f"ann@{DOMAIN}"), "sealable")
        self.cli(keyd, "import", self.here / "none", status=66)
        self.cli(keyd, "import", status=64)
        empty = self.here / "empty"
        empty.mkdir()
        self.cli(keyd, "import", empty, status=65)
        keyd.stop()
        self.cli(keyd, "import", mixed, status=69)

    # ---- backup and restore

    def fill(self, keyd):
        self.assert_imported(keyd, self.home.path, 4)
        self.cli(keyd, "remove", f"bob@{DOMAIN}", "--keep-tombstone")
        self.cli(keyd, "remove", "eve@elsewhere.test")

    def test_a_backup_brings_everything_back_into_an_empty_store(self):
        for kind, other in (KINDS, KINDS[::-1]):
            with self.subTest(kind=kind):
                keyd = self.keyd(f"from-{kind}", kind)
                self.fill(keyd)
                backup = self.here / f"{kind}.backup"
                self.assertIn("3 entries, 6 rows", self.cli(keyd, "backup", backup))
                self.assertEqual(os.stat(backup).st_mode & 0o777, 0o600)
                again = self.keyd(f"to-{other}", other)
                self.assertIn("whole", self.cli(again, "restore", backup, "--dry-run"))
                self.assertEqual(again.get("/v1/health")[1]["store"]["revision"], 0)
                self.assertIn("restored 3, ", self.cli(again, "restore", backup))
                for address in (f"ann@{DOMAIN}", f"joe.doe@{DOMAIN}", f"bob@{DOMAIN}",
                                "eve@elsewhere.test"):
                    before = keyd.get(f"/v1/lookup/{address}")[1]
                    after = again.get(f"/v1/lookup/{address}")[1]
                    for member in ("state", "seal_to"):
                        self.assertEqual(after[member], before[member])
                    self.assertEqual(sorted(after["recognise"]), sorted(before["recognise"]))
                # Another id: whoever has seen the first store defers until a person has looked.
                ids = [one.get("/v1/health")[1]["store"]["id"] for one in (keyd, again)]
                self.assertNotEqual(*ids)
                self.assertIn("restore:root", self.cli(again, "log"))
                self.assertIn("unchanged 3, ", self.cli(again, "restore", backup))
                self.assertIn("whole", self.cli(again, "log", "verify"))
                keyd.stop()
                again.stop()

    def test_a_restore_revives_nothing(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                keyd = self.keyd(kind, kind)
                self.assert_imported(keyd, self.home.path, 4)
                backup = self.here / f"{kind}.backup"
                self.cli(keyd, "backup", backup)
                self.cli(keyd, "remove", f"bob@{DOMAIN}", "--keep-tombstone")
                self.cli(keyd, "remove", "eve@elsewhere.test")
                self.revoke(keyd, f"joe.doe@{DOMAIN}")
                self.assertEqual(self.state(keyd, f"joe.doe@{DOMAIN}"), "revoked")
                text = self.cli(keyd, "restore", backup)
                self.assertIn("released", text)
                self.assertIn("taken away", text)
                for address, state in ((f"bob@{DOMAIN}", "tombstone"),
                                       ("eve@elsewhere.test", "no-key"),
                                       (f"joe.doe@{DOMAIN}", "revoked"),
                                       (f"ann@{DOMAIN}", "sealable")):
                    self.assertEqual(self.state(keyd, address), state, address)
                keyd.stop()

    def test_a_revocation_in_the_backup_is_taken_over(self):
        keyd = self.keyd("one")
        self.assert_imported(keyd, self.home.path, 4)
        self.cli(keyd, "backup", self.here / "before")
        self.revoke(keyd, f"joe.doe@{DOMAIN}")
        self.cli(keyd, "backup", self.here / "after")
        other = self.keyd("other")
        self.cli(other, "restore", self.here / "before")
        self.assertEqual(self.state(other, f"joe.doe@{DOMAIN}"), "sealable")
        self.assertIn("merged 1, ", self.cli(other, "restore", self.here / "after"))
        self.assertEqual(self.state(other, f"joe.doe@{DOMAIN}"), "revoked")

    def revoke(self, keyd, address):
        """Has keyd hear of the revocation that gpg made beside the key."""
        listed = self.home.run("--with-colons", "--list-keys", address).stdout.decode()
        fingerprint = listed.split("\nfpr:")[1].split("\n")[0].split(":")[8]
        made = (self.home.path / "openpgp-revocs.d" / f"{fingerprint}.rev").read_text()
        revocation = self.here / "revocation.asc"
        revocation.write_text(made.replace(":-----BEGIN", "-----BEGIN"))
        self.cli(keyd, "add", address, revocation)

    def test_an_older_state_of_the_same_store_is_not_restored_into(self):
        keyd = self.keyd("one")
        self.assert_imported(keyd, self.home.path, 4)
        keyd.stop()
        store = keyd.directory / "keys.sqlite"
        older = store.read_bytes()
        keyd.start()
        self.cli(keyd, "remove", f"bob@{DOMAIN}")
        self.cli(keyd, "backup", self.here / "later")
        keyd.stop()
        store.write_bytes(older)
        keyd.start()
        self.assertIn("keyd init", self.cli(keyd, "restore", self.here / "later", status=75))

    def test_a_backup_that_was_cut_or_altered_is_refused_before_anything_happens(self):
        keyd = self.keyd("one")
        self.fill(keyd)
        backup = self.here / "whole"
        self.cli(keyd, "backup", backup)
        text = backup.read_text()
        lines = text.splitlines(keepends=True)
        altered = {
            "cut": "".join(lines[:-1]), "half a line": text[:-5],
            "an entry less": "".join([lines[0], *lines[2:]]),
            "more behind": text + lines[1], "another name": text.replace("ann@", "eve@"),
            "a newer format": text.replace('"maildircrypt-backup":1', '"maildircrypt-backup":2'),
            "no backup": "hello\n", "nothing": "",
            "a million lists within each other":
                lines[0] + '{"entry":{"name":"a@b.test","x":' + "[" * 10**6 + "]" * 10**6 + "}}\n"}
        for name, content in altered.items():
            with self.subTest(name=name):
                self.assertNotEqual(content, text)
                (self.here / "bad").write_text(content)
                self.cli(keyd, "restore", self.here / "bad", status=65)
        self.cli(keyd, "restore", self.here / "none", status=66)
        self.cli(keyd, "backup", self.here / "no/such/place", status=73)
        self.assertEqual(sorted(p.name for p in self.here.glob("*.new-*")), [])

    def test_entries_that_are_one_address_by_now_are_not_chosen_between(self):
        keyd = self.keyd("one")
        self.fill(keyd)
        backup = self.here / "whole"
        self.cli(keyd, "backup", backup)
        lines = [json.loads(line) for line in backup.read_text().splitlines()]
        entry = next(line["entry"] for line in lines if line.get("entry", {}).get("certificates"))

        def with_names(*names):
            entries = [line for line in lines if "entry" in line]
            entries += [{"entry": {**entry, "name": name}} for name in names]
            entries.sort(key=lambda line: line["entry"]["name"].encode())
            whole = [lines[0], *entries, *(line for line in lines if "row" in line)]
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in whole).encode()
            end = {**lines[-1]["end"], "entries": len(entries),
                   "sha256": hashlib.sha256(text).hexdigest()}
            (self.here / "made").write_bytes(text + json.dumps({"end": end}).encode() + b"\n")
            return self.here / "made"

        two = f"jÜrgen@{gpg.DOMAIN}", f"jürgen@{gpg.DOMAIN}"
        for pair in (two, (f"strasse@{gpg.DOMAIN}", f"straße@{gpg.DOMAIN}")):
            for option in ((), ("--dry-run",)):
                said = self.cli(keyd, "restore", *option, with_names(*pair), status=65)
                self.assertIn("are one address", said)
        self.cli(keyd, "restore", "--dry-run", with_names(two[0], f"straße@{gpg.DOMAIN}"))

    def test_a_backup_is_one_moment_while_changes_go_on(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                keyd = self.keyd(kind, kind)
                self.assert_imported(keyd, self.home.path, 4)
                begun = json.loads(self.curl(keyd, "POST", "/v1/backup"))
                self.cli(keyd, "remove", f"ann@{DOMAIN}")
                page = json.loads(self.curl(keyd, "GET", f"/v1/backup/{begun['backup']}/entries"))
                self.assertEqual(len(page["entries"]), 4)
                rows = json.loads(self.curl(keyd, "GET", f"/v1/backup/{begun['backup']}/log"))
                self.assertEqual(rows["rows"][-1]["hash"], begun["log"]["head"])
                # Its last page ends it.
                self.assertIn("unknown_backup",
                              self.curl(keyd, "GET", f"/v1/backup/{begun['backup']}/log"))
                keyd.stop()

    @staticmethod
    def curl(keyd, method, path):
        return subprocess.run(["curl", "-sS", "--unix-socket", keyd.socket, "-X", method,
                               f"http://keyd{path}"], capture_output=True, check=True,
                              text=True).stdout


if __name__ == "__main__":
    harness.main()
