"""Runs maildircrypt-pipe as an MTA does, with the real worker or a fake one beside it."""

import os
import pathlib
import shutil
import subprocess

import harness

SUPERVISOR = harness.BUILD / "maildircrypt-pipe"
WORKER = harness.BUILD / "maildircrypt-pipe-worker"
LINE = b"4.3.0 The message could not be stored now and will be tried again\n"


class Pipe:
    """A directory with the supervisor and a worker in it; the supervisor takes the one beside it."""

    def __init__(self, directory, worker=None):
        """`worker` is the text of a script that stands in for the real worker."""
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)
        self.program = self.directory / "maildircrypt-pipe"
        self.worker = self.directory / "maildircrypt-pipe-worker"
        shutil.copy2(SUPERVISOR, self.program)
        if worker is None:
            shutil.copy2(WORKER, self.worker)
        else:
            self.set_worker(worker)

    def set_worker(self, text):
        """A new file each time: the old one may still be running."""
        fresh = self.worker.with_suffix(".fresh")
        fresh.write_text(text)
        fresh.chmod(0o755)
        fresh.rename(self.worker)

    def run(self, *arguments, message=b"", timeout=60, **options):
        command = [str(word) for word in (self.program, *arguments)]
        return subprocess.run(command, input=message, capture_output=True, timeout=timeout,
                              check=False, **options)


class Mailboxes:
    """Maildirs below a directory, one for each address."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(exist_ok=True)

    @property
    def template(self):
        return f"{self.directory}/%d/%u"

    def maildir(self, address):
        user, domain = address.rsplit("@", 1)
        return self.directory / domain / user

    def files(self, address, part="new"):
        directory = self.maildir(address) / part
        return sorted(directory.iterdir()) if directory.is_dir() else []

    def messages(self, address):
        return [path.read_bytes() for path in self.files(address)]

    def everything(self):
        return sorted(str(path.relative_to(self.directory)) for path in self.directory.rglob("*"))

    def clear(self):
        for path in self.directory.iterdir():
            shutil.rmtree(path)


def is_root():
    return os.geteuid() == 0
