"""The OpenPGP programs that must be able to read what we write. Each decrypts a list of jobs.

A job is {"kind", "key", "armour", "output"}: the path of an armoured secret key without passphrase, of
a message, and where its plaintext goes; what a program says when it fails goes to OUTPUT.error.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import browser
import harness
import packages

HERE = pathlib.Path(__file__).resolve().parent
NODE_MODULES = harness.BUILD / "openpgpjs"


def output_of(*command):
    try:
        run = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return (run.stdout or run.stderr).strip() if run.returncode == 0 else None


def first_number(text):
    found = re.search(r"\d+(\.\d+)+", text or "")
    return found.group() if found else None


def package_version(package):
    return output_of("dpkg-query", "-W", "-f", "${Version}", package)


class Decryptor:
    """`name` and version() are for the table; missing() says why it cannot be used, or nothing."""

    utf8_only = False  # it changes octets that are not UTF-8
    slow = False       # it takes about a second for a message

    def missing(self):
        return None if shutil.which(self.program) else f"{self.program} is not installed"

    def decrypt(self, jobs, directory):
        for job in jobs:
            with open(job["armour"], "rb") as armour:
                run = subprocess.run(self.command(job), stdin=armour, capture_output=True,
                                     check=False)
            self.keep(job, run)

    @staticmethod
    def keep(job, run):
        if run.returncode == 0:
            pathlib.Path(job["output"]).write_bytes(run.stdout)
        else:
            pathlib.Path(job["output"] + ".error").write_bytes(run.stderr or b"no reason given")


class Gpg(Decryptor):
    name = "GnuPG"
    program = "gpg"

    def version(self):
        return first_number(output_of("gpg", "--version"))

    def decrypt(self, jobs, directory):
        home = directory / "g"
        home.mkdir(mode=0o700)
        gpg = ["gpg", "--homedir", str(home), "--batch", "--no-tty", "--quiet"]
        for key in sorted({job["key"] for job in jobs}):
            subprocess.run([*gpg, "--import", key], check=True, capture_output=True)
        for job in jobs:
            with open(job["armour"], "rb") as armour:
                self.keep(job, subprocess.run([*gpg, "--decrypt"], stdin=armour,
                                              capture_output=True, check=False))
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)


class Rnp(Decryptor):
    name = "RNP"
    program = "rnp"

    def version(self):
        return first_number(output_of("rnp", "--version"))

    def decrypt(self, jobs, directory):
        for kind in {job["kind"] for job in jobs}:
            home = self.home(directory, kind)
            home.mkdir(mode=0o700)
            key = next(job["key"] for job in jobs if job["kind"] == kind)
            subprocess.run(["rnpkeys", "--homedir", home, "--import-keys", key], check=True,
                           capture_output=True)
        for job in jobs:
            with open(job["armour"], "rb") as armour:
                self.keep(job, subprocess.run(
                    ["rnp", "--homedir", self.home(directory, job["kind"]), "--decrypt", "-",
                     "--output", "-"], stdin=armour, capture_output=True, check=False))

    @staticmethod
    def home(directory, kind):
        return directory / f"rnp-{kind}"


class Sop(Decryptor):
    """https://datatracker.ietf.org/doc/draft-dkg-openpgp-stateless-cli/"""

    def version(self):
        return package_version(self.program) or first_number(output_of(self.program, "version"))

    def command(self, job):
        return [self.program, "decrypt", job["key"]]


class Sequoia(Sop):
    name = "Sequoia (sqop)"
    program = "sqop"


class Gosop(Sop):
    name = "go-crypto (gosop)"
    program = "gosop"
    utf8_only = True


class Pgpainless(Sop):
    name = "PGPainless"
    program = "pgpainless-cli"
    slow = True

    def missing(self):
        return packages.missing("pgpainless-cli")


class Pgpy(Decryptor):
    name = "PGPy"
    program = "pgpy"
    slow = True

    def version(self):
        return package_version("python3-pgpy")

    def missing(self):
        found = output_of("/usr/bin/python3", "-c", "import pgpy; print('found')")
        return None if found == "found" else "python3-pgpy is not installed"

    def decrypt(self, jobs, directory):
        path = directory / "pgpy.json"
        path.write_text(json.dumps(jobs))
        subprocess.run(["/usr/bin/python3", HERE / "pgpy_decrypt.py", path], check=True)


def openpgpjs_missing():
    """Installs OpenPGP.js, as package-lock.json pins it, into build/."""
    if not shutil.which("npm") or not shutil.which("node"):
        return "node and npm are not installed"
    lock = (HERE / "openpgpjs/package-lock.json").read_bytes()
    installed = NODE_MODULES / "package-lock.json"
    if (NODE_MODULES / "installed").exists() and installed.read_bytes() == lock:
        return None
    NODE_MODULES.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy2(HERE / "openpgpjs" / name, NODE_MODULES / name)
    run = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                         cwd=NODE_MODULES, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        return "npm could not install OpenPGP.js: " + run.stderr.strip().splitlines()[-1]
    (NODE_MODULES / "installed").touch()
    return None


def openpgpjs_version():
    package = NODE_MODULES / "node_modules/openpgp/package.json"
    return json.loads(package.read_text())["version"]


class OpenpgpjsNode(Decryptor):
    name = "OpenPGP.js, Node"
    program = "node"

    def version(self):
        return f"{openpgpjs_version()} on {first_number(output_of('node', '--version'))}"

    def missing(self):
        return openpgpjs_missing()

    def decrypt(self, jobs, directory):
        path = directory / "node.json"
        path.write_text(json.dumps(jobs))
        subprocess.run(["node", HERE / "openpgpjs/decrypt.mjs", path], cwd=NODE_MODULES, check=True)


class OpenpgpjsBrowser(Decryptor):
    name = "OpenPGP.js, Chromium"
    program = "chromium"

    def version(self):
        return f"{openpgpjs_version()} on {first_number(output_of('chromium', '--version'))}"

    def missing(self):
        return packages.missing("chromium") or openpgpjs_missing()

    def decrypt(self, jobs, directory):
        browser.decrypt(jobs, NODE_MODULES / "node_modules/openpgp/dist/openpgp.min.js")


ALL = [Gpg(), Rnp(), Sequoia(), Gosop(), Pgpainless(), Pgpy(), OpenpgpjsNode(), OpenpgpjsBrowser()]
