#!/usr/bin/python3
"""The whole pipe against hostile addresses, sick key daemons, full disks, and every policy."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness
import pipe_runner
import testkeys
import undo
from fake_keyd import STORE_ID, FakeKeyd
from gpg import address_of
from pipe_runner import LINE, Mailboxes, Pipe

BOB = address_of("cv25519")
MESSAGE = (b"From: ada@out.test\nTo: bob@sealed.test\nSubject: A secret subject\n\n"
           + b"The quick brown fox reads the plaintext of this letter.\n" * 200)


class WorkerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = harness.temporary_directory()
        cls.users = testkeys.users(cls.directory)
        cls.pipe = Pipe(cls.directory / "bin")
        cls.certificate = testkeys.certificate("cv25519").read_bytes()

    @classmethod
    def tearDownClass(cls):
        cls.users.stop_agent()

    def setUp(self):
        name = self._testMethodName[5:45]
        self.boxes = Mailboxes(self.directory / f"boxes-{name}")
        self.keyd = FakeKeyd(self.directory / f"k-{name}", {BOB: ("sealable", self.certificate)})

    def tearDown(self):
        self.keyd.stop()

    def deliver(self, *arguments, recipient=BOB, message=MESSAGE, **options):
        return self.pipe.run("--recipient", recipient, "--maildir", self.boxes.template, "--keyd",
                             self.keyd.path, *arguments, message=message, **options)

    def filter(self, *arguments, recipient=BOB, message=MESSAGE):
        return self.pipe.run("--recipient", recipient, "--filter", "--keyd", self.keyd.path,
                             *arguments, message=message)

    def assert_delivered(self, run):
        self.assertEqual((run.returncode, run.stdout, run.stderr), (0, b"", b""))

    def assert_nothing_stored(self, run, line=LINE, status=75):
        self.assertEqual((run.returncode, run.stdout, run.stderr), (status, line, b""))
        files = [path for path in self.boxes.directory.rglob("*") if path.is_file()]
        self.assertEqual(files, [])

    def open(self, stored):
        armour = re.search(rb"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----\n", stored, re.S)
        plaintext, _ = self.users.decrypt(armour.group())
        return undo.undo(plaintext)

    # ---- delivery --------------------------------------------------------------------------------

    def test_the_static_worker_wipes_what_it_frees(self):
        symbols = subprocess.run(["nm", "--line-numbers", harness.BUILD / "maildircrypt-pipe-worker"],
                                 capture_output=True, check=True, text=True).stdout
        for name in ("free", "realloc"):
            found = re.search(rf" T {name}\s+(\S+):", symbols)
            self.assertEqual(len(re.findall(rf" [TtWw] {name}\s", symbols)), 1)
            self.assertTrue(found and found[1].endswith("base/wiping_free.cpp"), name)
        # glibc would load libraries for these, of the version that it was built with.
        self.assertNotRegex(symbols, r" [TtWw] (getpw|getgr|initgroups)")

    def test_a_sealed_message_opens_to_what_was_handed_in(self):
        messages = [MESSAGE, b"", b"\n", b"x", b"Subject: header only\n", MESSAGE.replace(b"\n", b"\r\n"),
                    MESSAGE + b"no final line end", b"A: b\n\nbare\rCR\r\r\n\0NUL\xff\n",
                    b"A: b\n\n" + b"l" * 100000, b"X: " + b"v" * (1 << 20) + b"\n\nbody\n"]
        for message in messages:
            self.boxes.clear()
            self.assert_delivered(self.deliver(message=message))
            [stored] = self.boxes.messages(BOB)
            self.assertEqual(self.open(stored), message)
            self.assertNotIn(b"\r", stored)
            self.assertEqual(self.boxes.files(BOB, "tmp"), [])

    def test_the_name_says_the_sizes(self):
        self.assert_delivered(self.deliver())
        [path] = self.boxes.files(BOB)
        stored = path.read_bytes()
        self.assertTrue(path.name.endswith(f",S={len(stored)},W={len(stored) + stored.count(10)}"))

    def test_an_mbox_line_is_taken_away(self):
        self.assert_delivered(self.deliver(message=b"From ada@out.test Mon Jan  5 2026\n" + MESSAGE))
        [stored] = self.boxes.messages(BOB)
        self.assertEqual(self.open(stored), MESSAGE)

    def test_what_the_sender_sealed_to_the_recipient_passes_untouched(self):
        self.assert_delivered(self.deliver())
        [sealed] = self.boxes.messages(BOB)
        for message in (sealed, sealed.replace(b"\n", b"\r\n")):
            self.boxes.clear()
            self.assert_delivered(self.deliver(message=message))
            [stored] = self.boxes.messages(BOB)
            self.assertEqual(stored, message)
            [path] = self.boxes.files(BOB)
            self.assertIn(f",S={len(message)},", path.name)
            self.assertEqual(self.boxes.files(BOB, "tmp"), [])

    def test_exims_environment_names_the_recipient(self):
        run = self.pipe.run("--maildir", self.boxes.template, "--keyd", self.keyd.path,
                            message=MESSAGE, env={"RECIPIENT": BOB, "SENDER": "a@b.test"})
        self.assert_delivered(run)
        self.assertEqual(len(self.boxes.messages(BOB)), 1)

    # ---- policy ----------------------------------------------------------------------------------

    def test_no_key_passes_marked_by_default(self):
        self.assert_delivered(self.deliver(recipient="eve@sealed.test"))
        [stored] = self.boxes.messages("eve@sealed.test")
        field, _, rest = stored.partition(b"\n")
        self.assertTrue(field.startswith(b"Maildircrypt-Provenance: clear;"), field)
        self.assertEqual(rest, MESSAGE)

    def test_no_key_defers_or_rejects_by_configuration(self):
        line = b" Not stored: the recipient has no encryption key\n"
        run = self.deliver("--no-key", "defer", recipient="eve@sealed.test")
        self.assert_nothing_stored(run, b"4.7.1" + line)
        run = self.deliver("--no-key", "reject", recipient="eve@sealed.test")
        self.assert_nothing_stored(run, b"5.7.1" + line, 77)

    def test_expired_keys_seal_and_lost_ones_defer(self):
        self.keyd.keys[BOB] = ("expired", self.certificate)
        self.assert_delivered(self.deliver())
        self.assertEqual(self.open(self.boxes.messages(BOB)[0]), MESSAGE)
        self.boxes.clear()
        for state in ("revoked", "tombstone"):
            self.keyd.keys[BOB] = (state, self.certificate)
            run = self.deliver()
            self.assertEqual(run.returncode, 75)
            self.assertTrue(run.stdout.startswith(b"4.7.1 Not stored: "))
            self.assertEqual(self.boxes.everything(), [])

    def test_other_domains_are_untouched_and_not_asked_about(self):
        forged = b"Maildircrypt-Provenance: sealed; host=x\n" + MESSAGE
        self.assert_delivered(self.deliver("--domains", "ours.test", message=forged))
        self.assertEqual(self.boxes.messages(BOB), [forged])
        self.assertEqual(self.keyd.lookups, 0)

    # ---- the key daemon --------------------------------------------------------------------------

    def test_a_sick_key_daemon_never_lets_mail_pass(self):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: "
        for raw in (b"garbage\r\n\r\n", b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
                    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", head + b"2\r\n\r\n{}",
                    head + b"0\r\n\r\n", head + b"20\r\n\r\n{\"state\": \"no-key\"} ",
                    b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"):
            self.keyd.raw = raw
            self.assert_nothing_stored(self.deliver(recipient="eve@sealed.test"))
            self.assert_nothing_stored(self.deliver())

    def test_an_answer_about_somebody_else_does_not_count(self):
        self.keyd.raw = self.keyd.reply("GET /v1/lookup/eve%40sealed.test HTTP/1.1")
        self.assert_nothing_stored(self.deliver())

    def test_another_store_than_the_configured_one_defers(self):
        for recipient in (BOB, "eve@sealed.test"):
            self.assert_delivered(self.deliver("--store-id", STORE_ID, recipient=recipient))
            self.boxes.clear()
            self.keyd.store_id = STORE_ID[::-1]
            self.assert_nothing_stored(self.deliver("--store-id", STORE_ID, recipient=recipient))
            self.keyd.store_id = STORE_ID

    def test_a_hanging_key_daemon_defers_within_10_seconds(self):
        self.keyd.raw = b""
        self.assert_nothing_stored(self.deliver(timeout=10))

    def test_a_missing_key_daemon_defers(self):
        self.keyd.stop()
        self.assert_nothing_stored(self.deliver())
        os.unlink(self.keyd.path)
        self.assert_nothing_stored(self.deliver())

    # ---- hostile addresses -----------------------------------------------------------------------

    def test_no_address_leads_out_of_the_template(self):
        line = b"4.1.3 The recipient's address names no mailbox that mail can be stored in\n"
        for address in ("../x@d.test", "a/b@d.test", "/etc/x@d.test", ".hidden@d.test", "..@d.test",
                        ".@d.test", '"../x"@d.test', '"a/b"@d.test', '".."@d.test', "x@../d", "x@d/..",
                        "x@.d", "x@..", "@d.test", "x@", "x", "l" * 65 + "@d.test", "l" * 300 + "@d.test",
                        "x@" + "d" * 300, "$(id)@d.test", "a b@d.test", "a\nb@d.test", "a\x7fb@d.test",
                        '"unclosed@d.test', "@route:x@d.test", "\x01@d.test", "x@d.test/../../y"):
            run = self.deliver("--no-key", "pass", recipient=address)
            self.assert_nothing_stored(run, line)
            self.assertEqual(self.boxes.everything(), [])
        self.assertEqual(self.keyd.lookups, 0)

    def test_names_that_only_look_hostile_get_a_mailbox(self):
        for address, name in (('"$(id)"@d.test', "$(id)"), ('"john doe"@d.test', "john doe"),
                              ("-rf@d.test", "-rf"), ("%u@d.test", "%u"), ("--filter@d.test", "--filter")):
            self.assert_delivered(self.deliver(recipient=address))
            self.assertEqual(len(self.boxes.files(f"{name}@d.test")), 1, address)

    def test_links_lead_nowhere(self):
        elsewhere = self.directory / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        (self.boxes.directory / "sealed.test").mkdir()
        self.boxes.maildir(BOB).symlink_to(elsewhere)
        self.assert_nothing_stored(self.deliver())
        self.assertEqual(list(elsewhere.iterdir()), [])

    # ---- configuration ---------------------------------------------------------------------------

    def test_a_fault_of_the_configuration_is_75_and_names_nothing(self):
        line = b"4.3.5 The mail system is not configured correctly\n"
        for arguments in (["--no-kye", "pass"], ["--no-key", "pas"], ["--config", "/nonexistent"],
                          ["--help"], ["--version"], ["stray"], ["--deadline", "x"]):
            self.assert_nothing_stored(self.deliver(*arguments), line)

    def test_the_sample_configuration_is_valid_as_it_is_and_with_all_it_shows(self):
        sample = (harness.ROOT / "etc/pipe.conf").read_text()
        shown = re.sub(r"^# (?=[a-z-]+ =)", "", sample, flags=re.M)
        self.assertGreater(shown.count("\n"), shown.count("\n#") + 10)
        for text in (sample, shown):
            path = self.directory / "pipe.conf"
            path.write_text(text)
            self.assert_delivered(self.deliver("--config", path))

    # ---- room ------------------------------------------------------------------------------------

    def test_a_full_disk_defers_and_leaves_nothing(self):
        if not pipe_runner.is_root():
            self.skipTest("mounting a small file system needs root")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", self.boxes.directory],
                       check=True)
        try:
            self.assert_nothing_stored(self.deliver(message=MESSAGE * 20))
            self.assertEqual(self.boxes.files(BOB, "tmp"), [])
            self.assert_delivered(self.deliver(message=b"A: b\n\nsmall\n"))
        finally:
            subprocess.run(["umount", self.boxes.directory], check=True)

    def test_a_limit_on_file_sizes_defers_and_leaves_nothing(self):
        run = subprocess.run(["/bin/sh", "-c", 'ulimit -f 8; exec "$@"', "sh", self.pipe.program,
                              "--recipient", BOB, "--maildir", self.boxes.template, "--keyd",
                              self.keyd.path], input=MESSAGE * 20, capture_output=True, check=False)
        self.assert_nothing_stored(run)

    def test_100_megabytes_need_at_most_16_megabytes(self):
        block = b"one of many lines of a very long message, all alike\n" * 20000
        count = 100 * 1024 * 1024 // len(block) + 1
        self.assert_delivered(self.deliver())
        [sealed] = self.boxes.messages(BOB)
        # As it comes, and as a candidate for "already encrypted", which is kept in a spill.
        for head in (b"Subject: long\n\n", sealed[:sealed.index(b"\n\n") + 2]):
            process = subprocess.Popen([self.pipe.program, "--recipient", BOB, "--maildir",
                                        self.boxes.template, "--keyd", self.keyd.path],
                                       stdin=subprocess.PIPE)
            process.stdin.write(head)
            for _ in range(count):
                process.stdin.write(block)
            peaks = [self.peak(process.pid), self.peak(self.only_child(process.pid))]
            process.stdin.close()
            self.assertEqual(process.wait(), 0)
            print(f"     peaks of supervisor and worker {peaks} KiB", flush=True)
            self.assertLessEqual(sum(peaks), 16 * 1024)
            self.boxes.clear()

    @staticmethod
    def peak(pid):
        """KiB; not ru_maxrss, which counts what our own process was before exec."""
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        return int(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M).group(1))

    @staticmethod
    def only_child(pid):
        return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text())

    # ---- filter ----------------------------------------------------------------------------------

    def test_filter_writes_the_sealed_message(self):
        for message in (MESSAGE, MESSAGE * 500):
            run = self.filter(message=message)
            self.assertEqual((run.returncode, run.stderr), (0, b""))
            self.assertEqual(self.open(run.stdout), message)
            again = self.filter(message=run.stdout)
            self.assertEqual((again.returncode, again.stdout), (0, run.stdout))

    def test_filter_writes_nothing_on_failure(self):
        self.keyd.raw = b"garbage\r\n\r\n"
        run = self.filter()
        self.assertEqual((run.returncode, run.stdout, run.stderr), (75, b"", LINE))
        self.keyd.raw = None
        run = self.filter("--no-key", "reject", recipient="eve@sealed.test")
        self.assertEqual((run.returncode, run.stdout), (77, b""))
        self.assertTrue(run.stderr.startswith(b"5.7.1 "))
        run = self.filter("--spill-directory", "/nonexistent", message=MESSAGE * 1000)
        self.assertEqual((run.returncode, run.stdout, run.stderr), (75, b"", LINE))

    def test_filter_into_a_closed_pipe_is_75(self):
        read_end, write_end = os.pipe()
        os.close(read_end)
        process = subprocess.run([self.pipe.program, "--recipient", BOB, "--filter", "--keyd",
                                  self.keyd.path], input=MESSAGE, stdout=write_end,
                                 stderr=subprocess.PIPE, check=False)
        os.close(write_end)
        self.assertEqual((process.returncode, process.stderr), (75, LINE))

    def test_no_text_for_the_sender_names_paths_keys_or_addresses(self):
        runs = [self.deliver(recipient="../secret@d.test"), self.deliver("--keyd", "/secret"),
                self.deliver("--config", "/secret"),
                self.pipe.run("--recipient", BOB, "--maildir", "/secret/%u", "--keyd", self.keyd.path)]
        for run in runs:
            self.assertEqual(run.returncode, 75)
            self.assertNotIn(b"secret", run.stdout + run.stderr)
            self.assertRegex(run.stdout, rb"\A4\.\d\.\d [A-Za-z', ]+\n\Z")


if __name__ == "__main__":
    harness.main()
