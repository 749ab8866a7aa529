#!/usr/bin/python3
"""Fails or crashes every system call of the pipe, one in each run: no mail is lost, bounced or cut short."""

import collections
import os
import pathlib
import re
import resource
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness
import testkeys
import undo
from fake_keyd import FakeKeyd
from gpg import address_of
from pipe_runner import Mailboxes, Pipe

BOB = address_of("cv25519")
EVE = "eve@sealed.test"  # has no key: her mail passes in clear, and is compared octet by octet
MESSAGE = b"From: ada@out.test\nSubject: x\n\n" + b"a line of the message\n" * 4000
CALL = re.compile(r"^(?:\[pid +\d+\] |\d+ +)?(\w+)\(")
SKIPPED = {"exit_group", "exit", "rt_sigreturn", "execve",
           "arch_prctl",  # the C library's start: nothing of ours has run yet, and no kernel fails it
           "futex",  # no kernel fails a wake, and the C library aborts
           "brk"}  # says ENOMEM in another way than the others: test_too_little_memory does it

# In place of the worker: the worker under strace, which passes its descriptors and its end on.
UNDER_STRACE = """#!/bin/sh
exec strace -f -qq -o "$TRACE" $INJECT {worker} "$@"
"""


class Injected(unittest.TestCase):
    """A pipe whose worker, or supervisor, runs under strace."""

    @classmethod
    def setUpClass(cls):
        if subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False).returncode:
            raise unittest.SkipTest("strace does not work here")
        cls.directory = harness.temporary_directory()
        cls.users = testkeys.users(cls.directory)
        cls.boxes = Mailboxes(cls.directory / "boxes")
        cls.trace = cls.directory / "trace"
        cls.keyd = FakeKeyd(cls.directory / "keyd", {
            BOB: ("sealable", testkeys.certificate("cv25519").read_bytes())})
        real = Pipe(cls.directory / "real")
        cls.plain = real
        cls.traced = Pipe(cls.directory / "bin", UNDER_STRACE.format(worker=real.worker))

    @classmethod
    def tearDownClass(cls):
        cls.users.stop_agent()

    def arguments(self, recipient):
        return ["--recipient", recipient, "--maildir", self.boxes.template, "--keyd", self.keyd.path,
                "--host", "mx.test", "--deadline", "20"]

    def run_worker(self, recipient, inject=""):
        self.trace.unlink(missing_ok=True)
        environment = dict(os.environ, TRACE=str(self.trace), INJECT=inject)
        return self.traced.run(*self.arguments(recipient), message=MESSAGE, env=environment)

    def run_supervisor(self, recipient, inject=""):
        self.trace.unlink(missing_ok=True)
        command = ["strace", "-qq", "-o", self.trace, *inject.split(), self.plain.program]
        return subprocess.run([*command, *self.arguments(recipient)], input=MESSAGE,
                              capture_output=True, check=False, timeout=60)

    def calls(self, run, recipient):
        """How often each system call is made in a delivery."""
        self.assertEqual(run(recipient).returncode, 0)
        counts = collections.Counter()
        for line in self.trace.read_text(errors="replace").splitlines():
            call = CALL.match(line)
            if call and call.group(1) not in SKIPPED:
                counts[call.group(1)] += 1
        return counts

    def whole(self, recipient, stored):
        if recipient == EVE:
            field, _, rest = stored.partition(b"\n")
            return field.startswith(b"Maildircrypt-Provenance: clear;") and rest == MESSAGE
        armour = re.search(rb"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----\n", stored, re.S)
        return armour is not None and undo.undo(self.users.decrypt(armour.group())[0]) == MESSAGE

    def visible(self):
        """Whether the trace says that the message was moved into new/."""
        trace = self.trace.read_text(errors="replace") if self.trace.exists() else ""
        return re.search(r"^(?:\d+ +)?(?:renameat2|linkat)\(.*= 0$", trace, re.M) is not None

    def judge(self, run, recipient, what, killed=False, moved=None):
        stored = self.boxes.messages(recipient)
        self.assertIn(run.returncode, (0, 75), f"{what}: {run}")
        self.assertEqual(run.stderr, b"", what)
        if run.returncode == 0:
            self.assertEqual((run.stdout, len(stored)), (b"", 1), what)
        else:
            self.assertRegex(run.stdout, rb"\A4\.\d\.\d [^\n]+\n\Z", what)
            moved = self.visible() if moved is None else moved
            self.assertEqual(len(stored), 1 if moved else 0, what)
        for text in stored:
            self.assertTrue(self.whole(recipient, text), what)
        if not killed and not what.startswith("unlinkat"):
            self.assertEqual(self.boxes.files(recipient, "tmp"), [], what)

    def empty(self, recipient):
        """The Maildir stays."""
        for part in ("new", "tmp", "cur"):
            for path in self.boxes.files(recipient, part):
                path.unlink()

    def usual_calls(self, run, recipient):
        """Those of a delivery into a Maildir that is there."""
        self.assertEqual(run(recipient).returncode, 0)
        return self.calls(run, recipient)

    def inject_everywhere(self, run, recipient, faults, calls, killed=False, moved=None):
        outcomes = collections.Counter()
        for call, count in sorted(calls.items()):
            for fault in faults(call):
                for number in range(1, count + 1):
                    self.empty(recipient)
                    what = f"{call}:{fault}:when={number}"
                    result = run(recipient, f"-e inject={what}")
                    self.judge(result, recipient, what, killed, moved and moved())
                    outcomes[result.returncode] += 1
        print(f"     {sum(outcomes.values())} runs: {outcomes[75]} deferred, {outcomes[0]} delivered",
              flush=True)
        self.assertGreater(outcomes[75], 0)


def errors(call):
    """What a sick disk, a full one, or an exhausted machine says."""
    if call in ("mmap", "mprotect"):
        return ["error=ENOMEM"]
    if call in ("write", "pwrite64", "openat", "mkdirat", "renameat2", "linkat"):
        return ["error=EIO", "error=ENOSPC", "error=EDQUOT"]
    return ["error=EIO"]


def crash(_):
    return ["signal=SIGKILL"]


class WorkerFaultsTest(Injected):
    def setUp(self):
        self.boxes.clear()

    def test_every_system_call_fails_sealed(self):
        self.inject_everywhere(self.run_worker, BOB, errors, self.usual_calls(self.run_worker, BOB))

    def test_every_system_call_crashes_sealed(self):
        self.inject_everywhere(self.run_worker, BOB, crash, self.usual_calls(self.run_worker, BOB),
                               killed=True)

    def test_every_system_call_fails_in_clear(self):
        calls = self.usual_calls(self.run_worker, EVE)
        calls = {call: calls[call] for call in calls if call not in ("mmap", "mprotect")}
        self.inject_everywhere(self.run_worker, EVE, errors, calls)

    def test_making_a_maildir_fails_at_every_step(self):
        fresh = self.calls(self.run_worker, EVE)
        usual = self.calls(self.run_worker, EVE)
        self.assertEqual(fresh["mkdirat"], 5)
        for call in ("mkdirat", "openat", "fsync", "close"):
            for fault in ("error=EIO", "signal=SIGKILL"):
                for number in range(1, fresh[call] + 1):
                    self.boxes.clear()
                    what = f"{call}:{fault}:when={number}"
                    run = self.run_worker(EVE, f"-e inject={what}")
                    self.judge(run, EVE, what, "KILL" in fault)
                    # What is left there is no hindrance to the next delivery.
                    before = len(self.boxes.messages(EVE))
                    self.assertEqual(self.run_worker(EVE).returncode, 0, what)
                    self.assertEqual(len(self.boxes.messages(EVE)), before + 1, what)
        self.assertEqual(fresh["fsync"], usual["fsync"] + 3)

    def test_everything_is_synced_in_the_right_order(self):
        self.assertEqual(self.run_worker(BOB).returncode, 0)
        trace = self.trace.read_text(errors="replace")
        steps = [call.group(1) for call in (CALL.match(line) for line in trace.splitlines())
                 if call and call.group(1) in ("mkdirat", "fsync", "write", "close", "sendto",
                                               "recvfrom", "renameat2")]
        text = " ".join(steps)
        self.assertRegex(text, r"mkdirat fsync (close )+mkdirat fsync (close )+(mkdirat ){3}fsync close")
        self.assertRegex(text, r"write fsync close sendto recvfrom renameat2 fsync sendto")

    def test_without_rename_noreplace_it_links(self):
        self.assertEqual(self.run_worker(EVE).returncode, 0)
        for error in ("EINVAL", "ENOSYS"):
            self.empty(EVE)
            run = self.run_worker(EVE, f"-e inject=renameat2:error={error}")
            self.judge(run, EVE, error)
            self.assertEqual(run.returncode, 0)
            for fault in ("linkat:error=EIO", "linkat:error=EXDEV", "linkat:signal=SIGKILL"):
                self.empty(EVE)
                run = self.run_worker(EVE, f"-e inject=renameat2:error={error} -e inject={fault}")
                self.judge(run, EVE, fault, "KILL" in fault)
                self.assertEqual(run.returncode, 75)

    def test_names_that_are_taken_for_ever_defer(self):
        self.assertEqual(self.run_worker(EVE).returncode, 0)
        for call in ("renameat2", "linkat"):
            self.empty(EVE)
            run = self.run_worker(EVE, f"-e inject={call}:error=EEXIST "
                                  + ("-e inject=renameat2:error=ENOSYS" if call == "linkat" else ""))
            self.assertEqual(run.returncode, 75)
            self.judge(run, EVE, call)


class MemoryTest(Injected):
    def test_too_little_memory_at_any_point_defers(self):
        outcomes = collections.Counter()
        for size in range(4 << 20, 64 << 20, 300000):
            self.boxes.clear()
            run = self.plain.run(*self.arguments(BOB), message=MESSAGE,
                                 preexec_fn=lambda limit=size: resource.setrlimit(
                                     resource.RLIMIT_AS, (limit, limit)))
            self.judge(run, BOB, f"{size} octets", killed=True, moved=False)
            outcomes[run.returncode] += 1
        print(f"     {outcomes[75]} deferred, {outcomes[0]} delivered", flush=True)
        self.assertGreater(outcomes[75], 10)
        self.assertGreater(outcomes[0], 10)


class SupervisorFaultsTest(Injected):
    def setUp(self):
        self.boxes.clear()

    def moved(self):
        """The supervisor's trace does not show the move: what the next step saw decides."""
        return len(self.boxes.messages(EVE)) == 1

    def test_every_system_call_fails(self):
        calls = self.usual_calls(self.run_supervisor, EVE)
        del calls["mprotect"]  # before main(), of the static program's own pages
        self.inject_everywhere(self.run_supervisor, EVE, lambda _: ["error=EIO"], calls,
                               moved=self.moved)


if __name__ == "__main__":
    harness.main()
