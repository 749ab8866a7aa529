"""What every Python test program starts with: where things are, and one way to report."""

import atexit
import os
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
PYTHON = "/usr/bin/python3"  # Debian's: unprivileged users of the tests can run it


def temporary_directory():
    """A short path below /tmp that everyone may enter and that goes when the program ends."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="mdc-", dir="/tmp"))
    path.chmod(0o755)
    if not os.environ.get("KEEP_FILES"):
        atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def install_programs(directory, source=BUILD):
    """Copies our programs to where every user may run them (a home directory often is closed)."""
    directory = pathlib.Path(directory)
    directory.mkdir(exist_ok=True)
    for path in pathlib.Path(source).iterdir():
        if path.is_file() and os.access(path, os.X_OK) and path.name != "unit-tests":
            shutil.copy2(path, directory / path.name)
    return directory


class Reporter(unittest.TextTestResult):
    """One line for each test; a reason for each skip."""

    def startTest(self, test):
        super().startTest(test)
        self.started = time.monotonic()

    def say(self, word, test, why=""):
        seconds = time.monotonic() - getattr(self, "started", time.monotonic())
        name = str(test).split(" ", maxsplit=1)[0]
        text = f"{word} {name}: {why}" if why else f"{word} {name} ({seconds:.1f} s)"
        print(text, flush=True)

    def addSuccess(self, test):
        unittest.TestResult.addSuccess(self, test)
        self.say("ok  ", test)

    def addSkip(self, test, reason):
        unittest.TestResult.addSkip(self, test, reason)
        self.say("SKIP", test, reason)

    def addFailure(self, test, err):
        unittest.TestResult.addFailure(self, test, err)
        self.say("FAIL", test)

    def addError(self, test, err):
        unittest.TestResult.addError(self, test, err)
        self.say("FAIL", test)

    def addSubTest(self, test, subtest, err):
        unittest.TestResult.addSubTest(self, test, subtest, err)
        if err is not None:
            self.say("FAIL", subtest)


def failed_tests(result):
    """How many tests failed: several failed subtests of one test count once."""
    tests = [getattr(test, "test_case", test) for test, _ in result.failures + result.errors]
    return len({id(test) for test in tests}) + len(result.unexpectedSuccesses)


def main():
    """Runs the tests of the calling program and ends with the line that tests/README asks for."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=0, resultclass=Reporter)
    program = unittest.main(module="__main__", testRunner=runner, exit=False)
    result = program.result
    failed = failed_tests(result)
    skipped = len(result.skipped)
    passed = max(0, result.testsRun - failed - skipped)
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    sys.exit(1 if failed or passed + skipped == 0 else 0)
