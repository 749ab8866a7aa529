"""Large packages that only some tests need: installed when those run, not by `make deps`."""

import fcntl
import functools
import subprocess

import harness

PROFILE = "pkg.maildircrypt.interop"  # in debian/control's Build-Depends


def is_installed(package):
    status = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package],
                            capture_output=True, text=True, check=False)
    return status.stdout == "installed"


@functools.cache
def missing(*packages):
    """None when all are there, installed just now if need be; otherwise why not."""
    with open(harness.BUILD / "packages.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run side by side
        if all(map(is_installed, packages)):
            return None
        install = subprocess.run([harness.ROOT / "debian/packages", "install", PROFILE],
                                 capture_output=True, text=True, check=False)
        if all(map(is_installed, packages)):
            return None
        why = (install.stderr.strip().splitlines() or ["no reason given"])[-1]
        return f"{' and '.join(packages)} cannot be installed here: {why}"
