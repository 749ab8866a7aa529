"""A private PostgreSQL server on a Unix socket, with databases made for the asking."""

import os
import pathlib
import pwd
import signal
import subprocess

from processes import Server, wait_until


def programs():
    """Where the newest installed server's programs are."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"),
                   key=lambda path: int(path.parent.name))
    if not found:
        raise AssertionError("no PostgreSQL server is installed: make deps")
    return found[-1]


class Postgresql:
    """Runs as the calling user, or as `postgres` when that is root: the server refuses root."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        if os.geteuid() == 0:
            os.chown(self.directory, pwd.getpwnam(self.user).pw_uid, -1)
        self.directory.chmod(0o755)
        self.bin = programs()
        self.data = self.directory / "data"
        self.made = 0
        self.server = None
        self.run("initdb", "-D", self.data, "-U", self.user, "--auth=trust", "--encoding=UTF8",
                 "--no-locale", "--no-sync")
        self.start()

    def run(self, name, *arguments, data=None):
        as_user = {"user": self.user, "group": self.user, "extra_groups": []} \
            if os.geteuid() == 0 else {}
        return subprocess.run([self.bin / name, *arguments], check=True, capture_output=True,
                              text=True, cwd="/", input=data, **as_user).stdout

    def start(self):
        user = self.user if os.geteuid() == 0 else None
        self.server = Server(
            [self.bin / "postgres", "-D", self.data, "-k", self.directory, "-c",
             "listen_addresses=", "-c", "shared_buffers=16MB", "-c", "max_connections=50", "-c", "fsync=off"],
            self.directory / "log", user=user)
        wait_until(self.answers, "PostgreSQL answers", seconds=60)

    def answers(self):
        if self.server.process.poll() is not None:
            raise AssertionError(self.server.output())
        return subprocess.run([self.bin / "pg_isready", "-q", "-h", self.directory],
                              check=False).returncode == 0

    def address(self, database):
        return f"host={self.directory} dbname={database} user={self.user}"

    def create(self, name=None, template="template0"):
        """A new database; its conninfo."""
        self.made += 1
        name = name or f"keys{self.made}"
        self.run("createdb", "-h", self.directory, "-T", template, name)
        return self.address(name)

    def sql(self, conninfo, text):
        return self.run("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", conninfo,
                        data="SET search_path = maildircrypt;\n" + text).strip()

    def processes(self):
        """The server's own and those of its sessions."""
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.server.pid)], check=False,
                                capture_output=True, text=True).stdout
        return [self.server.pid, *map(int, listed.split())]

    def signal_all(self, number):
        for pid in self.processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def hang(self):
        """Connections stay open, and nothing is answered."""
        self.signal_all(signal.SIGSTOP)

    def go_on(self):
        self.signal_all(signal.SIGCONT)

    def crash(self):
        """At once, without a word to anybody ("immediate shutdown")."""
        os.kill(self.server.pid, signal.SIGQUIT)
        self.server.process.wait(60)

    def stop(self):
        if self.server.process.poll() is None:
            self.go_on()
            os.kill(self.server.pid, signal.SIGINT)  # "fast": sessions are ended
            self.server.process.wait(60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
