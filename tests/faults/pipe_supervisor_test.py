#!/usr/bin/python3
"""The pipe's supervisor against workers that end in every bad way, and MTAs that die."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness
import pipe_runner
from pipe_runner import LINE, Pipe
from processes import wait_until

# A fake worker in Python: `say` sends a control message, `hear` waits for one.
FAKE = """#!/usr/bin/python3 -IS
import os, signal, socket, sys
control = socket.socket(fileno=3)
def say(*messages):
    for message in messages:
        control.send(message.encode())
def hear():
    return control.recv(256).decode()
def read_message():
    while os.read(0, 65536):
        pass
"""
DELIVER = FAKE + """
read_message()
say("synced 0")
assert hear() == "go"
say("delivered")
"""


def fake(*lines):
    return FAKE + "\n".join(lines) + "\n"


class SupervisorTest(unittest.TestCase):
    def setUp(self):
        self.directory = harness.temporary_directory()
        self.pipe = Pipe(self.directory / "bin", DELIVER)

    def run_fake(self, *lines, arguments=(), **options):
        self.pipe.set_worker(fake(*lines))
        return self.pipe.run(*arguments, **options)

    def assert_deferred(self, run, line=LINE):
        self.assertEqual((run.returncode, run.stdout), (75, line), run)

    # ---- ends of the worker ---------------------------------------------------------------------

    def test_delivered_is_0_and_silent(self):
        run = self.pipe.run(message=b"x" * 300000)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"", b""))

    def test_every_status_without_commit_is_75(self):
        self.pipe.set_worker("#!/bin/sh\necho said; echo more >&2; exit $STATUS\n")
        for status in range(256):
            run = self.pipe.run(env={"STATUS": str(status)})
            self.assert_deferred(run)
            self.assertEqual(run.stderr, b"")

    def test_every_status_after_the_commit_but_0_is_75(self):
        for status in (1, 64, 75, 77, 127, 255):
            self.assert_deferred(self.run_fake("read_message()", "say('synced 0')", "hear()",
                                               f"say('delivered'); os._exit({status})"))

    def test_synced_alone_is_not_delivered(self):
        self.assert_deferred(self.run_fake("read_message()", "say('synced 0')", "hear()"))

    def test_delivered_counts_only_with_a_clean_end(self):
        self.assert_deferred(self.run_fake("say('delivered')", "os.kill(os.getpid(), 9)"))

    def test_death_by_any_signal_is_75(self):
        self.pipe.set_worker("#!/bin/sh\nkill -$NUMBER $$\n")
        for number in (1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 13, 14, 15, 24, 25, 31):
            self.assert_deferred(self.pipe.run(env={"NUMBER": str(number)}))

    def test_a_worker_that_cannot_be_started_is_75(self):
        if pathlib.Path("/usr/libexec/maildircrypt/maildircrypt-pipe-worker").exists():
            self.skipTest("a worker is installed on this machine")
        self.pipe.worker.unlink()
        self.assert_deferred(self.pipe.run())
        self.pipe.worker.mkdir()
        self.assert_deferred(self.pipe.run())
        self.pipe.worker.rmdir()
        for text in ("", "no program", "#!/nonexistent/interpreter\n", "\x7fELF"):
            self.pipe.set_worker(text)
            self.assert_deferred(self.pipe.run())

    # ---- what reaches the sender -----------------------------------------------------------------

    def test_a_rejection_passes_with_its_line(self):
        run = self.run_fake("say('text 5.7.1 Not stored: no key'); os._exit(77)")
        self.assertEqual((run.returncode, run.stdout), (77, b"5.7.1 Not stored: no key\n"))

    def test_a_deferral_passes_with_its_line(self):
        self.assert_deferred(self.run_fake("say('text 4.7.1 Not stored'); os._exit(75)"),
                             b"4.7.1 Not stored\n")

    def test_a_line_of_another_class_does_not_pass(self):
        self.assert_deferred(self.run_fake("say('text 4.7.1 Not stored'); os._exit(77)"))
        self.assert_deferred(self.run_fake("say('text 5.7.1 Not stored'); os._exit(75)"))
        self.assert_deferred(self.run_fake("say('text 5.7.1 Not stored'); os._exit(1)"))
        self.assert_deferred(self.run_fake("os._exit(77)"))

    def test_no_rejection_after_the_commit(self):
        self.assert_deferred(self.run_fake("say('delivered', 'text 5.7.1 No'); os._exit(77)"))

    def test_only_one_printable_line_of_bounded_length_comes_out(self):
        for text in (r"4.3.0 two\nlines", r"4.3.0 \x1b[31m", "4.3.0 " + "x" * 200, "no code", "",
                     "4.3.0 größer"):
            self.assert_deferred(self.run_fake(f"say('text {text}'); os._exit(75)"))

    def test_what_the_worker_prints_stays_inside(self):
        run = self.run_fake("for fd in (1, 2): os.write(fd, b'5.7.1 secret\\n' * 100000)",
                            "say('text 4.1.3 x'); os._exit(75)")
        self.assert_deferred(run, b"4.1.3 x\n")
        self.assertEqual(run.stderr, b"")

    def test_a_message_that_is_not_understood_is_75(self):
        self.assert_deferred(self.run_fake("say('renamed')", "hear()"))
        self.assert_deferred(self.run_fake("say('x' * 10000)", "hear()"))

    def test_in_filter_mode_the_line_goes_to_standard_error(self):
        for arguments, lines in ((["--filter"], []), ([], ["say('filter')"])):
            run = self.run_fake(*lines, "os._exit(75)", arguments=arguments)
            self.assertEqual((run.returncode, run.stdout, run.stderr), (75, b"", LINE))

    def test_in_filter_mode_the_message_goes_to_standard_output(self):
        run = self.run_fake("read_message()", "say('filter', 'synced 0')", "hear()",
                            "os.write(4, b'sealed')", "say('delivered')")
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"sealed", b""))

    # ---- help ------------------------------------------------------------------------------------

    def test_help_is_given_only_when_nothing_else_is_asked(self):
        self.pipe.set_worker("#!/bin/sh\necho \"help $*\"\n")
        for argument in ("--help", "--version"):
            run = self.pipe.run(argument)
            self.assertEqual((run.returncode, run.stdout), (0, f"help {argument}\n".encode()))
        self.assert_deferred(self.pipe.run("--recipient", "--help"))
        self.assert_deferred(self.pipe.run("--help", "--help"))

    # ---- time ------------------------------------------------------------------------------------

    def test_a_hanging_worker_meets_the_deadline(self):
        self.assert_deferred(self.run_fake("signal.pause()", arguments=["--deadline", "1"]))

    def test_the_worker_may_set_the_deadline(self):
        self.assert_deferred(self.run_fake("say('deadline 1')", "signal.pause()"))

    def test_a_worker_that_will_not_stop_is_killed(self):
        run = self.run_fake("signal.signal(signal.SIGTERM, signal.SIG_IGN)",
                            f"open('{self.directory}/pid', 'w').write(str(os.getpid()))",
                            "while True: signal.pause()", arguments=["--deadline=1"])
        self.assert_deferred(run)
        self.assertFalse(os.path.exists(f"/proc/{(self.directory / 'pid').read_text()}"))

    def test_a_stopped_worker_is_killed(self):
        self.assert_deferred(self.run_fake("os.kill(os.getpid(), signal.SIGSTOP)",
                                           arguments=["--deadline=1"]))

    def test_a_worker_that_closes_everything_still_has_its_deadline(self):
        self.assert_deferred(self.run_fake("os.closerange(0, 20)", "signal.pause()",
                                           arguments=["--deadline=1"]))

    # ---- signals ---------------------------------------------------------------------------------

    def start(self, *lines, **options):
        """The supervisor with a worker that says in a file when it is ready."""
        self.ready = self.directory / "ready"
        self.ready.unlink(missing_ok=True)
        self.pipe.set_worker(fake(*lines[:-1], f"open('{self.ready}', 'w').write(str(os.getpid()))",
                                  "os.rename", lines[-1]).replace("os.rename\n", ""))
        process = subprocess.Popen([self.pipe.program], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        wait_until(lambda: self.ready.exists() and self.ready.read_text(), "the worker runs")
        return process

    def finish(self, process):
        stdout, _ = process.communicate(timeout=30)
        return process.returncode, stdout

    def test_signals_that_ask_to_stop_are_passed_on(self):
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            seen = self.directory / "seen"
            seen.unlink(missing_ok=True)
            process = self.start("def stop(number, _):",
                                 f"    open('{seen}', 'w').write(str(number)); os._exit(75)",
                                 f"signal.signal({int(number)}, stop)", "signal.pause()")
            process.send_signal(number)
            self.assertEqual(self.finish(process), (75, LINE))
            self.assertEqual(seen.read_text(), str(int(number)))

    def test_no_commit_after_a_signal(self):
        process = self.start("signal.signal(signal.SIGTERM, signal.SIG_IGN)",
                             "read_message(); say('synced 0'); hear(); say('delivered')")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(self.finish(process), (75, LINE))

    def test_other_signals_do_nothing(self):
        process = self.start("read_message(); say('synced 0'); hear(); say('delivered')")
        for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM,
                                                     signal.SIGHUP, signal.SIGINT}:
            process.send_signal(number)
        self.assertEqual(self.finish(process), (0, b""))

    def test_a_supervisor_that_is_killed_takes_its_worker_along(self):
        process = self.start("signal.pause()")
        worker = int(self.ready.read_text())
        process.kill()
        process.wait()
        process.stdout.close(), process.stderr.close(), process.stdin.close()
        wait_until(lambda: not os.path.exists(f"/proc/{worker}")
                   or "Z" in pathlib.Path(f"/proc/{worker}/stat").read_text().rsplit(")")[1][:3],
                   "the worker has ended")

    # ---- odd starts ------------------------------------------------------------------------------

    def test_ignored_and_blocked_signals_do_not_matter(self):
        run = self.pipe.run(message=b"x", preexec_fn=lambda: (
            signal.signal(signal.SIGCHLD, signal.SIG_IGN),
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())))
        self.assertEqual((run.returncode, run.stdout), (0, b""))

    def shell(self, command):
        return subprocess.run(["/bin/sh", "-c", command.format(pipe=self.pipe.program)],
                              capture_output=True, check=False, timeout=60, stdin=subprocess.DEVNULL)

    def test_closed_descriptors_do_not_matter_but_a_closed_input_is_75(self):
        self.assert_deferred(self.shell("{pipe} <&-"))
        self.assertEqual(self.shell("{pipe} >&-").returncode, 0)
        self.assertEqual(self.shell("{pipe} 2>&-").returncode, 0)
        self.assertEqual(self.shell("{pipe} >&- 2>&-").returncode, 0)
        self.pipe.set_worker("#!/bin/sh\nexit 1\n")
        self.assertEqual(self.shell("{pipe} >&-").returncode, 75)

    def test_output_that_nobody_reads_does_not_matter(self):
        self.pipe.set_worker("#!/bin/sh\nexit 1\n")
        read_end, write_end = os.pipe()
        os.close(read_end)
        status = subprocess.run([self.pipe.program], stdin=subprocess.DEVNULL, stdout=write_end,
                                stderr=write_end, check=False).returncode
        os.close(write_end)
        self.assertEqual(status, 75)

    def test_too_few_descriptors_or_processes_is_75(self):
        self.assert_deferred(self.shell("ulimit -n 5; {pipe}"))
        self.assert_deferred(self.shell("ulimit -n 11; {pipe}"))

    def test_started_by_init_is_75_since_a_dead_parent_looks_the_same(self):
        if not pipe_runner.is_root():
            self.skipTest("a process namespace needs root")
        run = subprocess.run(["unshare", "--pid", "--fork", "/bin/sh", "-c",
                              f"{self.pipe.program}; exit $?"], stdin=subprocess.DEVNULL,
                             capture_output=True, check=False)
        self.assert_deferred(run)


# An MTA that is killed while it hands the message over: to the pipe this looks like the end of it.
MTA = """
import os, signal, subprocess, sys, time
program, ready, go, ballast, how = sys.argv[1:]
ballast = bytearray(int(ballast) * 1024 * 1024)
process = subprocess.Popen([program, ready, go], stdin=subprocess.PIPE)
process.stdin.write(b"the first half of a message\\n")
process.stdin.flush()
while not os.path.exists(ready):
    time.sleep(0.0005)  # until the worker waits for more
if how == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
process.stdin.close()
sys.exit(process.wait())
"""


class DyingMtaTest(unittest.TestCase):
    def setUp(self):
        self.directory = harness.temporary_directory()
        # Says "synced" at once, as if the disk took no time: the worst case for the supervisor.
        self.pipe = Pipe(self.directory / "bin", worker="")
        shutil.copy2(harness.BUILD / "tests/hasty_worker", self.pipe.worker)
        self.ready = self.directory / "ready"
        self.go = self.directory / "go"

    def hand_over(self, ballast, how):
        for path in (self.ready, self.go):
            path.unlink(missing_ok=True)
        run = subprocess.run(["/usr/bin/python3", "-IS", "-c", MTA, self.pipe.program, self.ready,
                              self.go, str(ballast), how], check=False, capture_output=True, timeout=60)
        wait_until(lambda: not self.running(), "the pipe has ended")
        return run.returncode

    def test_the_message_of_a_killed_mta_is_never_committed(self):
        for number in range(300):
            self.assertEqual(self.hand_over(0 if number % 2 else 20, "kill"), -signal.SIGKILL)
            self.assertFalse(self.go.exists(), f"run {number}")

    def running(self):
        return [pid for pid in os.listdir("/proc") if pid.isdigit()
                and self.executable(pid) == str(self.pipe.program)]

    @staticmethod
    def executable(pid):
        try:
            return os.readlink(f"/proc/{pid}/exe")
        except OSError:
            return ""

    def test_the_message_of_a_living_mta_is(self):
        for ballast in (0, 20):
            self.assertEqual(self.hand_over(ballast, "live"), 0)
            self.assertTrue(self.go.exists())


if __name__ == "__main__":
    harness.main()
