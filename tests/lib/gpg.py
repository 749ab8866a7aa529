"""Users with real gpg keys of every kind that mail can be sealed to."""

import os
import pathlib
import shutil
import subprocess

DOMAIN = "sealed.test"

# kind: (primary key, encryption subkey) as lines of gpg's parameter file
KINDS = {
    "rsa2048": ("Key-Type: RSA\nKey-Length: 2048", "Subkey-Type: RSA\nSubkey-Length: 2048"),
    "rsa3072": ("Key-Type: RSA\nKey-Length: 3072", "Subkey-Type: RSA\nSubkey-Length: 3072"),
    "rsa4096": ("Key-Type: RSA\nKey-Length: 4096", "Subkey-Type: RSA\nSubkey-Length: 4096"),
    "cv25519": ("Key-Type: EDDSA\nKey-Curve: ed25519", "Subkey-Type: ECDH\nSubkey-Curve: cv25519"),
}
for curve in ["nistp256", "nistp384", "nistp521", "brainpoolP256r1", "brainpoolP384r1",
              "brainpoolP512r1"]:
    KINDS[curve.lower()] = (f"Key-Type: ECDSA\nKey-Curve: {curve}",
                            f"Subkey-Type: ECDH\nSubkey-Curve: {curve}")


def address_of(kind):
    return f"{kind}@{DOMAIN}"


class GpgHome:
    """A GNUPGHOME. Its path is short: gpg-agent's socket lies in it."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.mkdir(mode=0o700, exist_ok=True)

    @classmethod
    def copy(cls, source, path):
        shutil.copytree(source, path, ignore=shutil.ignore_patterns("S.*", "*.lock", ".#*"))
        os.chmod(path, 0o700)
        return cls(path)

    def run(self, *arguments, data=b"", check=True):
        command = ["gpg", "--homedir", str(self.path), "--batch", "--no-tty", "--quiet",
                   "--trust-model", "always", *arguments]
        return subprocess.run(command, input=data, capture_output=True, check=check)

    def generate(self, kind, address):
        primary, subkey = KINDS[kind]
        parameters = (f"%no-protection\n{primary}\nKey-Usage: sign,cert\n{subkey}\n"
                      f"Subkey-Usage: encrypt\nName-Real: Test {kind}\nName-Email: {address}\n"
                      "Expire-Date: 0\n%commit\n")
        self.run("--generate-key", data=parameters.encode())

    def certificate(self, address):
        return self.run("--armor", "--export", address).stdout

    def encryption_key_id(self, address):
        """The long id of the encryption subkey, as gpg's status lines name it."""
        lines = self.run("--with-colons", "--list-keys", f"={address}" if "<" in address
                         else f"<{address}>").stdout.decode()
        for fields in (line.split(":") for line in lines.splitlines()):
            if fields[0] == "sub" and "e" in fields[11]:
                return fields[4]
        raise AssertionError(f"no encryption subkey: {address}")

    def decrypt(self, armour):
        """(plaintext, key ids that it was encrypted to); fails unless gpg is content in every way."""
        status_read, status_write = os.pipe()
        with open(status_read, "rb") as status_file:
            try:
                run = subprocess.run(
                    ["gpg", "--homedir", str(self.path), "--batch", "--no-tty", "--quiet",
                     "--status-fd", str(status_write), "--max-output", str(1 << 31), "--decrypt"],
                    input=armour, capture_output=True, pass_fds=[status_write], check=False)
            finally:
                os.close(status_write)
            status = status_file.read().decode(errors="replace").splitlines()
        words = [line.split()[1:] for line in status if line.startswith("[GNUPG:] ")]
        seen = {word[0] for word in words}
        if run.returncode != 0 or not {"DECRYPTION_OKAY", "GOODMDC"} <= seen:
            raise DecryptionFailed(run.stderr.decode(errors="replace") + "\n".join(status))
        return run.stdout, [word[1] for word in words if word[0] == "ENC_TO"]

    def stop_agent(self):
        subprocess.run(["gpgconf", "--homedir", str(self.path), "--kill", "all"], check=False,
                       capture_output=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop_agent()


class DecryptionFailed(Exception):
    """What gpg said."""
