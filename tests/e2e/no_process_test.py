#!/usr/bin/python3
# needs: root
"""No process is started on the delivery path: neither gpg nor anything else, as strace sees it."""

import pathlib
import re
import shutil
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import pipes
import postfix
import smtp
from processes import trace
from stand import Stand, read_maildir
from verify import is_sealed

LETTER = b"From: ada@out.test\r\nSubject: x\r\n\r\nsome text\r\n"
CALLS = "execve,execveat,fork,vfork,clone,clone3"


def processes_started(trace):
    """The lines of a trace that start a program or a process; threads are none."""
    return [line for line in trace.splitlines()
            if re.search(r"\b(execve|execveat|fork|vfork|clone3?)\(", line)
            and "CLONE_THREAD" not in line and "ENOENT" not in line]


@unittest.skipIf(postfix.available(), postfix.available())
@unittest.skipIf(shutil.which("strace") is None, "strace is not installed")
class NoProcess(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stand = Stand()
        cls.addClassCleanup(cls.stand.close)
        cls.traces = cls.stand.directory / "traces"
        cls.traces.mkdir()
        cls.traces.chmod(0o777)

    def deliver_to_everyone(self, mta):
        queue_ids = [smtp.send(mta.port, "ada@out.test", [address], LETTER)
                     for address in self.stand.addresses]
        mta.await_removed(queue_ids)
        for kind in self.stand.kinds:
            self.assertTrue(is_sealed(read_maildir(mta.maildirs / kind)[0]))

    def test_keyd_starts_none_at_lookups_and_the_trace_would_show_it(self):
        output = self.traces / "keyd"
        keyd = self.stand.keyd
        keyd.stop()
        keyd.start(traced=trace(CALLS, output))
        at_start = len(output.read_text())
        pipe = pipes.postfix_service(self.stand, self.stand.directory / "mta1/maildirs")
        with postfix.Postfix(self.stand.directory / "mta1", self.stand.addresses, services=[pipe],
                             main=pipes.postfix_settings("postfix-pipe.main.cf")) as mta:
            self.deliver_to_everyone(mta)
        self.assertEqual(processes_started(output.read_text()[at_start:]), [])
        keyd.add(gpg.address_of("cv25519"), pathlib.Path(harness.BUILD, "test-keys/cv25519.asc"))
        self.assertIn("gpg", "".join(processes_started(output.read_text()[at_start:])),
                      "an upload runs gpg: the trace shows what keyd starts")
        keyd.server.kill()
        keyd.start()

    def test_the_milter_starts_none(self):
        output = self.traces / "milter"
        milter = self.stand.milter(traced=trace(CALLS, output))
        self.addCleanup(milter.kill)
        with postfix.Postfix(self.stand.directory / "mta2", self.stand.addresses, main={
                "smtpd_milters": "{ unix:%s, default_action=tempfail }" % milter.socket}) as mta:
            self.deliver_to_everyone(mta)
        started = processes_started(output.read_text())
        self.assertEqual(len(started), 1, started)
        self.assertIn("maildircrypt-milter", started[0])

    def test_the_pipe_starts_its_worker_and_nothing_else(self):
        service = pipes.postfix_service(self.stand, self.stand.directory / "mta3/maildirs")
        strace = " ".join(["argv=/usr/bin/env", *trace(CALLS, f"{self.traces}/pipe-${{queue_id}}")])
        service = pipes.replace(service, "argv=", strace + " ")
        with postfix.Postfix(self.stand.directory / "mta3", self.stand.addresses, services=[service],
                             main=pipes.postfix_settings("postfix-pipe.main.cf")) as mta:
            self.deliver_to_everyone(mta)
        traces = list(self.traces.glob("pipe-*"))
        self.assertEqual(len(traces), len(self.stand.addresses))
        for output in traces:
            lines = processes_started(output.read_text())
            self.assertEqual([word for line in lines for word in
                              re.findall(r"\b(execve|fork|vfork|clone3?)\b", line)[:1]],
                             ["execve", "vfork", "execve"], lines)
            self.assertIn("bin/maildircrypt-pipe\"", lines[0])
            self.assertIn("bin/maildircrypt-pipe-worker\"", lines[2])


if __name__ == "__main__":
    harness.main()
