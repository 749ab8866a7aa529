#!/usr/bin/python3
"""make_keys.py DIRECTORY: one user for each kind of key, and a stranger, made once for all tests."""

import pathlib
import shutil
import sys
import tempfile

import gpg


def main(directory):
    directory = pathlib.Path(directory)
    shutil.rmtree(directory, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="mdc-", dir="/tmp") as work:  # short, for the agent's socket
        made = pathlib.Path(work, "made")
        made.mkdir()
        with gpg.GpgHome(pathlib.Path(work, "users")) as users, \
             gpg.GpgHome(pathlib.Path(work, "stranger")) as stranger:
            stranger.generate("cv25519", f"stranger@{gpg.DOMAIN}")
            for kind in gpg.KINDS:
                users.generate(kind, gpg.address_of(kind))
                (made / f"{kind}.asc").write_bytes(users.certificate(gpg.address_of(kind)))
            (made / "stranger.asc").write_bytes(stranger.certificate(f"stranger@{gpg.DOMAIN}"))
        for home in ("users", "stranger"):
            gpg.GpgHome.copy(pathlib.Path(work, home), made / home)
        shutil.copytree(made, directory)


if __name__ == "__main__":
    main(sys.argv[1])
