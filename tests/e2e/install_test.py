#!/usr/bin/python3
# needs: root
"""What `make install` leaves behind fits together: units, users, directories, documentation."""

import pathlib
import re
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness

TARGETS = ("sysinit", "basic", "shutdown", "sockets")  # of systemd, which our units lean on
DROP_INS = {"keyd-postgresql.service.conf": "maildircrypt-keyd", "lmtp-maildir.service.conf": "maildircrypt-lmtp"}


def run(*command, status=0):
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    text = done.stdout + done.stderr
    assert done.returncode == status, f"{command}: {done.returncode}\n{text}"
    return text


def install(root, prefix):
    run("make", "-C", harness.ROOT, "install", f"DESTDIR={root}", f"PREFIX={prefix}")


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = harness.temporary_directory()
        cls.root = cls.directory / "root"
        install(cls.root, "/usr")
        cls.unit_directory = cls.root / "usr/lib/systemd/system"
        cls.units = sorted(cls.unit_directory.glob("maildircrypt-*"))
        cls.services = sorted(cls.unit_directory.glob("maildircrypt-*.service"))
        cls.documents = cls.root / "usr/share/doc/maildircrypt"

    def need(self, program):
        if not shutil.which(program):
            self.skipTest(f"{program} is not installed")

    def test_units_start_what_is_installed_wherever_that_is(self):
        elsewhere = self.directory / "elsewhere"
        install(elsewhere, "/opt/mail")
        for root, prefix in ((self.root, "/usr"), (elsewhere, "/opt/mail")):
            units = list((root / prefix[1:] / "lib/systemd/system").glob("maildircrypt-*.service"))
            self.assertEqual(len(units), 3)
            for unit in units:
                started = re.search(r"^ExecStart=(\S+) --config (\S+)$", unit.read_text(), re.M)
                for path in started.groups():
                    self.assertTrue((root / path[1:]).is_file(), f"{prefix}: {unit.name}: {path}")

    def test_what_a_unit_may_write_to_need_not_be_there_before_it_is_made(self):
        for unit in self.services:
            text = unit.read_text()
            made = re.findall(r"^ExecStartPre=\+/usr/bin/install -d .* (\S+)$", text, re.M)
            for path in re.findall(r"^ReadWritePaths=(.*)$", text, re.M):
                self.assertEqual(path[:1], "-", f"{unit.name}: {path}: systemd looks before the first command")
                self.assertIn(path[1:], made)

    def test_systemd_understands_the_units_and_their_drop_ins(self):
        self.need("systemd-analyze")
        for target in TARGETS:
            (self.unit_directory / f"{target}.target").write_text("[Unit]\n")
        shutil.copy2("/usr/bin/install", self.root / "usr/bin/install")
        for name, unit in DROP_INS.items():
            place = self.root / f"etc/systemd/system/{unit}.service.d"
            place.mkdir(parents=True)
            shutil.copy2(self.documents / "examples" / name, place)
        said = run("systemd-analyze", "verify", "--man=no", f"--root={self.root}",
                   *(unit.name for unit in self.units))
        self.assertEqual(said, "")

    def test_users_and_directories_are_made_and_root_makes_the_store_for_its_user(self):
        self.need("systemd-sysusers")
        for command in (["systemd-sysusers"], ["systemd-tmpfiles", "--create"]):
            run(*command, f"--root={self.root}", "maildircrypt.conf")
        users = (self.root / "etc/passwd").read_text()
        for unit in self.services:
            user = re.search(r"^User=(\S+)$", unit.read_text(), re.M)[1]
            self.assertRegex(users, f"(?m)^{user}:")
        directory = self.root / "var/lib/maildircrypt"
        keyd = directory.stat()
        self.assertEqual(keyd.st_mode & 0o7777, 0o700)
        self.assertNotEqual(keyd.st_uid, 0)
        store = directory / "keys.sqlite"
        command = (self.root / "usr/libexec/maildircrypt/keyd", "init", "--store", f"sqlite:{store}")
        self.assertRegex(run(*command), "^[0-9a-f]{32}\n$")
        made = store.stat()
        self.assertEqual((made.st_uid, made.st_gid), (keyd.st_uid, keyd.st_gid))
        self.assertEqual(made.st_mode & 0o7777, 0o600)
        self.assertIn("exists already", run(*command, status=73))

    def test_what_the_documentation_names_is_installed(self):
        examples = self.documents / "examples"
        explained = (examples / "README").read_text() + "README"
        for path in examples.iterdir():
            self.assertIn(path.name, explained)
        for path in [*(self.root / "etc/maildircrypt").iterdir(), *self.units]:
            for name in re.findall(r"\bexamples/([\w.-]+\w)", path.read_text()):
                self.assertTrue((examples / name).is_file(), f"{path.name}: {name}")
        for page in self.root.glob("usr/share/man/*/*"):
            for name in re.findall(r"/usr/share/doc/maildircrypt/(\w+)", page.read_text()):
                self.assertTrue((self.documents / name).exists(), f"{page.name}: {name}")
        for unit in self.units:
            for name, section in re.findall(r"man:([\w-]+)\((\d)\)", unit.read_text()):
                self.assertTrue((self.root / f"usr/share/man/man{section}/{name}.{section}").is_file(), name)

    def test_the_pipe_finds_its_worker_behind_the_link(self):
        program = (self.root / "usr/bin/maildircrypt-pipe").resolve()
        self.assertEqual(program, self.root / "usr/libexec/maildircrypt/maildircrypt-pipe")
        self.assertTrue((program.parent / "maildircrypt-pipe-worker").is_file())


if __name__ == "__main__":
    harness.main()
