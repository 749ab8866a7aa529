"""Starting servers, waiting until they are ready, ending exactly those."""

import atexit
import os
import pathlib
import select
import signal
import socket
import subprocess
import time


def wait_until(condition, what, seconds=30.0):
    """Polls until the condition holds and returns its value; after the deadline says what was awaited."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)


def free_port():
    """A loopback port that the system chose and nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def trace(calls, output):
    """Words to put in front of a program: strace writes its system calls to a file."""
    return ["strace", "-f", "-qq", "-e", f"trace={calls}", "-o", str(output)]


class Server:
    """A process in a session of its own, its output in a file, ended by its own id."""

    def __init__(self, argv, log, user=None, group=None, environment=None, notify=False,
                 pass_fds=(), traced=()):
        """`user` and `group` are names; `notify` waits for READY=1 at NOTIFY_SOCKET (sd_notify(3)).

        `traced` is what trace() returns: strace then runs as root, because nobody else may read what
        a program does that keeps its memory private.
        """
        if traced and user is not None:
            traced, user = [*traced, "-u", user], None
        self.argv = [str(word) for word in [*traced, *argv]]
        self.log = pathlib.Path(log)
        environment = dict(os.environ if environment is None else environment)
        ready = None
        if notify:
            environment["NOTIFY_SOCKET"], ready = self.notify_socket()
        options = {}
        if user is not None:
            options = {"user": user, "group": group or user, "extra_groups": []}
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, env=environment, cwd="/",
                                            start_new_session=True, pass_fds=pass_fds, **options)
        atexit.register(self.stop)
        if ready is not None:
            self.await_ready(ready)

    def notify_socket(self):
        path = f"{self.log}.notify"
        pathlib.Path(path).unlink(missing_ok=True)
        ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        ready.bind(path)
        os.chmod(path, 0o666)
        return path, ready

    def await_ready(self, ready, seconds=30):
        deadline = time.monotonic() + seconds
        with ready:
            while time.monotonic() < deadline:
                if select.select([ready], [], [], 0.05)[0] and b"READY=1" in ready.recv(4096):
                    return
                if self.process.poll() is not None:
                    break
        self.stop()
        raise AssertionError(f"{self.argv[0]} is not ready:\n{self.output()}")

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        return self.log.read_text(errors="replace")

    def pause(self):
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)

    def kill(self):
        """Ends it and what it started, at once."""
        if self.process.poll() is None:
            os.killpg(self.pid, signal.SIGKILL)
        return self.process.wait()

    def stop(self, seconds=20):
        """Asks, waits, insists. Returns the exit status."""
        if self.process.poll() is None:
            self.resume()
            self.process.terminate()
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(self.pid, signal.SIGKILL)
                self.process.wait()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
