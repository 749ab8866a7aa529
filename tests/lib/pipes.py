"""How Postfix and Exim are told to start our pipe, and copies of what they hand to it."""

import collections
import itertools
import shutil

import harness
from stand import MAILBOX_USER

EXAMPLES = harness.ROOT / "etc/examples"
COPIER = harness.ROOT / "tests/lib/tee_input.py"
counter = itertools.count()


def copy_directory(stand):
    """Where the mailbox user puts copies; with the copier, which stands where that user can run it."""
    directory = stand.directory / f"copies{next(counter)}"
    directory.mkdir()
    directory.chmod(0o777)
    shutil.copy2(COPIER, stand.programs / "tee_input.py")
    return directory


def read_copies(directory, kinds):
    """{local part: [octets]}"""
    copies = collections.defaultdict(list)
    for kind in kinds:
        for path in sorted(directory.glob(f"{kind}-*.copy")):
            copies[kind].append(path.read_bytes())
    unfinished = list(directory.glob("*.part"))
    assert not unfinished, f"unfinished copies: {unfinished}"
    return copies


def command(example, stand, maildirs, options, copies, user):
    """The command of an example, run with this stand's programs, keyd and Maildirs.

    `user` is the recipient's local part in the MTA's notation, for the copies.
    """
    prefix = f"{harness.PYTHON} {stand.programs}/tee_input.py {copies} {user} " if copies else ""
    keyd = "" if "--keyd" in options else f" --keyd {stand.keyd.socket}"
    text = replace(example, "/usr/bin/maildircrypt-pipe",
                   f"{prefix}{stand.programs}/maildircrypt-pipe")
    return replace(text, "/var/vmail/%d/%u", " ".join([f"{maildirs}/%u{keyd}", *map(str, options)]))


def replace(text, old, new):
    assert text.count(old) == 1, f"{old} does not stand once in the example"
    return text.replace(old, new)


def postfix_service(stand, maildirs, options=(), copies=None):
    """The entry `sealed` for master.cf, from the example."""
    example = (EXAMPLES / "postfix-pipe.master.cf").read_text()
    text = command(example, stand, maildirs, options, copies, "${user}")
    return replace(text, "user=vmail:vmail", f"user={MAILBOX_USER}:nogroup")


def postfix_settings(example):
    """The settings of an example for main.cf, as a dictionary."""
    lines = (EXAMPLES / example).read_text().splitlines()
    return dict(line.split(" = ", 1) for line in lines if line and not line.startswith("#"))


def exim_transport(stand, options=(), copies=None):
    """The transport `sealed`, from the example."""
    example = (EXAMPLES / "exim-pipe.transport").read_text()
    text = command(example, stand, "{directory}/maildirs", options, copies, "-")
    text = replace(text, "user = vmail", f"user = {MAILBOX_USER}")
    return replace(text, "group = vmail", "group = nogroup")
