"""Copies of the key pairs that make_keys.py made (build/test-keys)."""

import pathlib

import harness
from gpg import GpgHome

KEYS = harness.BUILD / "test-keys"


def users(directory):
    """A home with the secret keys of all users, one for each kind of key."""
    return GpgHome.copy(KEYS / "users", pathlib.Path(directory, "users"))


def stranger(directory):
    """A home whose key none of the users' mail is sealed to."""
    return GpgHome.copy(KEYS / "stranger", pathlib.Path(directory, "stranger"))


def certificate(kind):
    """The armoured certificate of the user of this kind of key, or of "stranger"."""
    return KEYS / f"{kind}.asc"
