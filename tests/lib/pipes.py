"""How Postfix and Exim are told to start our pipe, and copies of what they hand to it."""

import collections
import itertools
import shutil

import harness
from stand import MAILBOX_USER

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


def command(stand, maildirs, options, copies, user, recipient):
    """The words of the command line; `user` and `recipient` in the MTA's notation."""
    words = [stand.programs / "maildircrypt-pipe", *recipient, "--maildir", f"{maildirs}/%u"]
    if "--keyd" not in options:
        words += ["--keyd", stand.keyd.socket]
    words += options
    if copies is not None:
        words = [harness.PYTHON, stand.programs / "tee_input.py", copies, user, *words]
    return " ".join(map(str, words))


def postfix_service(stand, maildirs, options=(), copies=None):
    """The entry `sealed` for master.cf."""
    argv = command(stand, maildirs, options, copies, "${user}",
                   ["--recipient", "${recipient}", "--sender", "${sender}", "--queue-id",
                    "${queue_id}"])
    return (f"sealed unix - n n - 10 pipe\n  flags=DRXhu user={MAILBOX_USER}:nogroup\n"
            f"  argv={argv}\n")


def exim_transport(stand, options=(), copies=None):
    """The transport `sealed`; Exim's environment names the recipient."""
    argv = command(stand, "{directory}/maildirs", options, copies, "-", [])
    return f"""\
sealed:
  driver = pipe
  command = {argv}
  user = {MAILBOX_USER}
  group = nogroup
  message_prefix =
  message_suffix =
  return_path_add
  envelope_to_add
  delivery_date_add
  temp_errors = *
  timeout_defer
  freeze_signal = false
  freeze_exec_fail
  log_output
"""
