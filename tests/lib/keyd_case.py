"""What tests of keyd share: a daemon for each test, curl and keyd-cli in every role."""

import json
import pwd
import subprocess
import unittest

import gpg
import harness
import testkeys
from keyd import USER, Keyd
from processes import Server

ANN = gpg.address_of("cv25519")
OWNER = "bin"  # owns bin@sealed.test in these tests
ADMIN_GROUP = "games"
OWNED = f"{OWNER}@{gpg.DOMAIN}"


def user(name, groups=()):
    """What makes curl and keyd-cli run as this user; the groups are supplementary."""
    entry = pwd.getpwnam(name)
    grouping = [f"--groups={','.join(groups)}"] if groups else ["--clear-groups"]
    return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", *grouping]


ROLES = {
    "root": [],
    "keyd's own user": user(USER),
    "a member of the administrators' group": user("nobody", groups=[ADMIN_GROUP]),
    "the owner": user(OWNER),
    "somebody else": ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
}
ADMINISTRATORS = list(ROLES)[:3]


class KeydCase(unittest.TestCase):
    """A keyd with a new store for each test, and clients in every role."""

    @classmethod
    def setUpClass(cls):
        cls.directory = harness.temporary_directory()
        cls.programs = harness.install_programs(cls.directory / "bin")
        cls.made = {}
        home = gpg.GpgHome(cls.directory / "gpg")
        cls.addClassCleanup(home.stop_agent)
        for name, address in (("owned", OWNED), ("thief", OWNED)):
            home.generate("cv25519", address)
            path = cls.directory / f"{name}.asc"
            path.write_bytes(home.certificate(address))
            cls.made[name] = path
            secret = home.run("--armor", "--export-secret-keys", address).stdout
            cls.made[f"{name} secret"] = cls.directory / f"{name}-secret.asc"
            cls.made[f"{name} secret"].write_bytes(secret)
            home = gpg.GpgHome(cls.directory / f"gpg-{name}")
            cls.addClassCleanup(home.stop_agent)
        for path in cls.made.values():
            path.chmod(0o644)
        for kind in ("cv25519", "rsa2048"):
            cls.made[kind] = cls.directory / f"{kind}.asc"
            cls.made[kind].write_bytes(testkeys.certificate(kind).read_bytes())

    def setUp(self):
        self.here = self.directory / self.id().rsplit(".", maxsplit=1)[-1]
        self.keyd = None

    def start(self, *options, wrapper=()):
        """A keyd with a new store."""
        self.keyd = Keyd(self.here, self.programs)
        self.keyd.stop()
        self.restart(*options, wrapper=wrapper)
        return self.keyd

    def restart(self, *options, wrapper=()):
        keyd = self.keyd
        keyd.server = Server(
            [*wrapper, self.programs / "keyd", "--socket", keyd.socket, "--store", keyd.store,
             "--admin-group", ADMIN_GROUP, "--user-domains", gpg.DOMAIN, *options],
            self.here / "keyd.log", user=USER, notify=True)
        self.addCleanup(keyd.server.stop)

    def curl_text(self, path, *options, role="root", data=None):
        """(status, text) of a request by real curl."""
        run = subprocess.run(
            [*ROLES[role], "curl", "-sS", "--unix-socket", self.keyd.socket, "-w",
             "\n%{http_code}", *options, f"http://keyd{path}"],
            input=data, capture_output=True, check=False)
        self.assertEqual(run.returncode, 0, run.stderr.decode())
        body, _, status = run.stdout.decode().rpartition("\n")
        return int(status), body

    def curl(self, path, *options, role="root", data=None):
        """(status, JSON or None)"""
        status, body = self.curl_text(path, *options, role=role, data=data)
        return status, json.loads(body) if body else None

    def upload(self, address, name, role="root", query=""):
        return self.curl(f"/v1/addresses/{address}/certificates{query}", "--data-binary",
                         f"@{self.made[name]}", role=role)

    def state(self, address):
        status, answer = self.curl(f"/v1/lookup/{address}")
        self.assertEqual(status, 200)
        return answer["state"]

    def cli(self, *arguments, role="root", data=None, check=None):
        run = subprocess.run([*ROLES[role], self.programs / "keyd-cli", "--socket",
                              self.keyd.socket, *arguments], input=data, capture_output=True,
                             check=False)
        if check is not None:
            self.assertEqual(run.returncode, check, run.stderr.decode())
        return run.stdout.decode(), run.stderr.decode()
