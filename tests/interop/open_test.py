#!/usr/bin/python3
"""`maildircrypt open` with real gpg: originals come back, whatever lies in a Maildir."""

import fcntl
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import gpg
import harness
import messages
import openpgp
import processes
import testkeys
import undo

PROGRAM = harness.BUILD / "maildircrypt"
SEAL = harness.BUILD / "tests/seal_for_test"
ENCRYPT = harness.BUILD / "tests/encrypt"
DONE, SOME_FAILED, BROKEN_OFF, NOT_SEALED = 0, 1, 2, 3
KIND = "cv25519"
MESSAGE = b"From: a@out.test\nSubject: secret\nContent-Type: text/plain\n\nThe body.\n"


def run(*arguments, data=b"", home=None, **options):
    environment = dict(os.environ, LC_ALL="C.UTF-8", GNUPGHOME=str(home))
    return subprocess.run([PROGRAM, *map(str, arguments)], input=data, capture_output=True,
                          check=False, env=environment, **options)


class Open(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = harness.temporary_directory()
        cls.users = testkeys.users(cls.shared)
        cls.stranger = testkeys.stranger(cls.shared)
        for kind in [*gpg.KINDS, "stranger"]:
            packet = openpgp.encryption_packet(testkeys.certificate(kind).read_bytes())
            (cls.shared / f"{kind}.packet").write_bytes(packet)

    @classmethod
    def tearDownClass(cls):
        cls.users.stop_agent()
        cls.stranger.stop_agent()

    def setUp(self):
        self.directory = harness.temporary_directory()
        self.source = self.directory / "Maildir"
        self.target = self.directory / "opened"

    def seal(self, message, *options, kind=KIND):
        return subprocess.run([SEAL, "--lf", *options, self.shared / f"{kind}.packet"],
                              input=message, capture_output=True, check=True).stdout

    def open(self, *arguments, data=b"", status=DONE):
        done = run("open", *arguments, data=data, home=self.users.path)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def put(self, name, text, seconds=1_000_000_000):
        path = self.source / name
        for part in ("cur", "new", "tmp"):
            (path.parent.parent / part).mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
        os.utime(path, (seconds + 5, seconds))
        return path

    def tree(self, root):
        return {str(path.relative_to(root)): path.read_bytes()
                for path in root.rglob("*") if path.is_file()}

    # ---- one message

    def test_one_message_from_standard_input(self):
        for kind in gpg.KINDS:
            opened = self.open(data=self.seal(MESSAGE, kind=kind))
            self.assertEqual(opened.stdout, MESSAGE, kind)
            self.assertEqual(opened.stderr, b"")

    def test_every_form_option_and_line_end(self):
        signed = (b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n")
        for message in (b"", b"no header\r\n\r\n", signed, MESSAGE.replace(b"\n", b"\r\n"),
                        b"Content-Type: text/plain; protected-headers=\"v1\"\n\nx"):
            for options in ([], ["--unpadded"], ["--zlib"], ["--anonymous"],
                            ["--outer-headers=all"], ["--outer-headers=minimal"]):
                sealed = self.seal(message, *options)
                self.assertEqual(self.open(data=sealed).stdout, message)
                crlf = sealed.replace(b"\n", b"\r\n")
                self.assertEqual(self.open(data=crlf).stdout, message)

    def test_a_file_into_a_new_file_with_its_time(self):
        path = self.put("cur/1:2,S", self.seal(MESSAGE))
        target = self.directory / "message"
        self.open(path, target)
        self.assertEqual(target.read_bytes(), MESSAGE)
        self.assertEqual(target.stat().st_mtime, 1_000_000_000)
        self.assertEqual(target.stat().st_mode & 0o777, 0o600)
        target.write_bytes(b"keep")
        self.open(path, target, status=BROKEN_OFF)
        self.assertEqual(target.read_bytes(), b"keep")

    def test_a_message_that_is_not_sealed_comes_as_it_is(self):
        for name, message in list(messages.forged()) + [("clear", MESSAGE), ("empty", b"")]:
            with self.subTest(name=name):
                if b"\nMaildircrypt-Provenance: sealed" in message:
                    continue
                opened = self.open(data=message, status=NOT_SEALED)
                self.assertEqual(opened.stdout, message)
                self.assertIn(b"not sealed", opened.stderr)

    def test_what_pretends_to_be_sealed_fails(self):
        sealed = self.seal(MESSAGE)
        head, _, body = sealed.partition(b"\n\n")
        for message in (
                b"Maildircrypt-Provenance: sealed; host=x\n\nclear text\n",
                head + b"\n\nclear text\n",
                sealed.replace(b"-----BEGIN PGP MESSAGE-----", b"-----BEGIN PGP MESSAGE----"),
                sealed.replace(b"-----END PGP MESSAGE-----\n", b"-----END PGP MESSAGE-----\nmore\n"),
                sealed[:len(sealed) // 2],
                sealed.replace(b"--\n", b"\n")):
            opened = self.open(data=message, status=SOME_FAILED)
            self.assertEqual(opened.stdout, b"")
            self.assertNotEqual(opened.stderr, b"")

    def test_a_changed_octet_gives_nothing(self):
        lines = self.seal(MESSAGE * 50).split(b"\n")
        start = lines.index(b"-----BEGIN PGP MESSAGE-----")
        for number in (start + 8, len(lines) - 8):
            changed = list(lines)
            changed[number] = changed[number][:9] + bytes([changed[number][9] ^ 1]) \
                + changed[number][10:]
            if not chr(changed[number][9]).isalnum():
                changed[number] = lines[number][:9] + b"0" + lines[number][10:]
            self.assertNotEqual(changed, lines)
            opened = self.open(data=b"\n".join(changed), status=SOME_FAILED)
            self.assertEqual(opened.stdout, b"")

    def test_the_wrong_key_fails(self):
        done = run("open", data=self.seal(MESSAGE), home=self.stranger.path)
        self.assertEqual((done.returncode, done.stdout), (SOME_FAILED, b""))

    def encrypted(self, payload, provenance):
        """A message with the frame of a sealed one around any payload."""
        sealed = self.seal(MESSAGE)
        start = sealed.index(b"-----BEGIN PGP")
        end = sealed.index(b"-----END PGP MESSAGE-----\n") + 26
        armour = subprocess.run([ENCRYPT, "--lf", self.shared / f"{KIND}.packet"], input=payload,
                                capture_output=True, check=True).stdout
        return sealed[:start].replace(b"Provenance: sealed", b"Provenance: " + provenance) \
            + armour + sealed[end:]

    def test_an_altered_recipe_is_refused(self):
        rest = b"Content-Type: text/plain\r\nX-Kept: yes\r\n\r\nbody\r\n"
        good = b"Maildircrypt-Recipe: v=1; eol=crlf; cut=0+0; tail=0\r\n"
        self.assertEqual(self.open(data=self.encrypted(good + rest, b"sealed")).stdout, rest)
        for recipe in (b"v=1; eol=crlf; cut=26+13; tail=0", b"v=1; eol=crlf; cut=0+0; tail=6",
                       b"v=1; eol=crlf; cut=0+26; tail=6", b"v=2; eol=crlf; cut=0+0; tail=0",
                       b"v=1; eol=crlf; cut=0+99999; tail=0", b"", None):
            payload = rest if recipe is None else b"Maildircrypt-Recipe: " + recipe + b"\r\n" + rest
            opened = self.open(data=self.encrypted(payload, b"sealed"), status=SOME_FAILED)
            self.assertEqual(opened.stdout, b"")

    def test_a_recipe_in_mail_that_we_did_not_seal_is_not_obeyed(self):
        payload = (b"Maildircrypt-Recipe: v=1; eol=crlf; cut=24+24; tail=0\r\n"
                   b"Content-Type: text/plain; protected-headers=\"v1\"\r\n\r\nbody\r\n")
        message = self.encrypted(payload, b"end-to-end")
        self.assertEqual(self.open(data=message, status=NOT_SEALED).stdout, message)

    # ---- a Maildir

    def test_a_maildir_with_flags_times_folders_and_all_kinds_of_mail(self):
        sealed = self.seal(MESSAGE)
        self.put("new/1.a,S=900,W=920", sealed, 1_100_000_000)
        self.put("cur/2.b,S=900:2,FRS", sealed, 1_200_000_000)
        self.put("cur/3.c:2,", b"Subject: clear\n\nclear\n")
        self.put(".Sent/cur/4.d:2,S", self.seal(b"", "--zlib"))
        self.put("cur/5.e:2,T", self.seal(MESSAGE, kind="stranger"))
        self.put(".A.B/new/.hidden", b"no message")
        opened = self.open(self.source, self.target, status=SOME_FAILED)
        self.assertEqual(self.tree(self.target), {
            "new/1.a": MESSAGE, "cur/2.b:2,FRS": MESSAGE, "cur/3.c:2,": b"Subject: clear\n\nclear\n",
            ".Sent/cur/4.d:2,S": b""})
        self.assertEqual((self.target / "new/1.a").stat().st_mtime, 1_100_000_000)
        self.assertEqual((self.target / "cur/2.b:2,FRS").stat().st_mtime, 1_200_000_000)
        self.assertEqual((self.target / "cur/2.b:2,FRS").stat().st_mode & 0o777, 0o600)
        self.assertEqual((self.target / "cur").stat().st_mode & 0o777, 0o700)
        self.assertTrue((self.target / ".A.B/cur").is_dir())
        self.assertEqual(opened.stdout, b"3 opened, 0 opened before, 1 not sealed,"
                                        b" 1 could not be opened\n")
        errors = opened.stderr.decode().splitlines()
        self.assertEqual(len(errors), 2, errors)
        self.assertIn("cur/3.c:2,: not sealed, copied as it is", errors)
        self.assertTrue(any(line.startswith("cur/5.e:2,T: could not be opened: gpg:")
                            for line in errors), errors)

    def test_a_second_run_goes_on(self):
        for number in range(5):
            self.put(f"cur/{number}.x,S=1:2,S", self.seal(MESSAGE))
        self.open(self.source, self.target)
        (self.target / "cur/3.x:2,S").unlink()
        (self.target / "cur/2.x:2,S").rename(self.target / "cur/2.x,S=9:2,FS")  # a mail client
        (self.target / "tmp/3.x").write_bytes(b"half a mess")  # an interrupted run
        (self.target / "cur/1.x:2,S").write_bytes(b"mine now")
        self.put("new/9.y", self.seal(MESSAGE))
        again = self.open(self.source, self.target)
        self.assertEqual(again.stdout, b"2 opened, 4 opened before, 0 not sealed,"
                                       b" 0 could not be opened\n")
        tree = self.tree(self.target)
        self.assertEqual(sorted(tree), ["cur/0.x:2,S", "cur/1.x:2,S", "cur/2.x,S=9:2,FS",
                                        "cur/3.x:2,S", "cur/4.x:2,S", "new/9.y"])
        self.assertEqual(tree["cur/1.x:2,S"], b"mine now")
        self.assertEqual(tree["cur/3.x:2,S"], MESSAGE)

    def test_an_interrupted_run_leaves_nothing_half(self):
        for number in range(60):
            self.put(f"cur/{number:02}.x:2,", self.seal(MESSAGE))
        environment = dict(os.environ, GNUPGHOME=str(self.users.path))
        interrupted = subprocess.Popen([PROGRAM, "open", self.source, self.target],
                                       env=environment, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL)
        cur = self.target / "cur"
        processes.wait_until(lambda: cur.is_dir() and len(list(cur.iterdir())) >= 5, "some opened")
        interrupted.send_signal(signal.SIGKILL)
        interrupted.wait()
        held = list(cur.iterdir())
        self.assertLess(len(held), 60)
        self.assertTrue(all(path.read_bytes() == MESSAGE for path in held))
        again = self.open(self.source, self.target)
        self.assertIn(b"%d opened, %d opened before" % (60 - len(held), len(held)), again.stdout)
        self.assertEqual(set(self.tree(self.target).values()), {MESSAGE})
        self.assertEqual(len(self.tree(self.target)), 60)

    def test_unsealed_mail_alone_has_its_own_status(self):
        self.put("cur/1:2,", b"clear\n")
        self.open(self.source, self.target, status=NOT_SEALED)
        self.assertEqual(self.tree(self.target), {"cur/1:2,": b"clear\n"})

    def test_links_and_pipes_in_a_maildir_are_not_read(self):
        self.put("cur/1:2,", self.seal(MESSAGE))
        (self.source / "cur/2:2,").symlink_to("/etc/passwd")
        os.mkfifo(self.source / "cur/3:2,")
        (self.source / ".Loop").symlink_to(self.source)
        self.open(self.source, self.target, status=SOME_FAILED)
        self.assertEqual(self.tree(self.target), {"cur/1:2,": MESSAGE})

    def test_source_and_target_must_be_apart(self):
        self.put("cur/1:2,", self.seal(MESSAGE))
        for target in (self.source, self.source / ".opened", self.source.parent):
            self.open(self.source, target, status=BROKEN_OFF)
        link = self.directory / "link"
        link.symlink_to(self.source)
        self.open(self.source, link / "inside", status=BROKEN_OFF)
        self.assertEqual(len(self.tree(self.source)), 1)

    def test_two_runs_do_not_write_into_one_target(self):
        self.put("cur/1:2,", self.seal(MESSAGE))
        self.target.mkdir()
        held = os.open(self.target, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            self.open(self.source, self.target, status=BROKEN_OFF)
        finally:
            os.close(held)

    def test_a_directory_that_is_no_maildir(self):
        self.source.mkdir()
        self.assertIn(b"no Maildir", self.open(self.source, self.target, status=BROKEN_OFF).stderr)
        self.assertFalse(self.target.exists())
        self.put("cur/1", self.seal(MESSAGE))
        self.assertIn(b"TARGET", self.open(self.source, status=BROKEN_OFF).stderr)

    def test_without_gpg_nothing_is_called_unsealed(self):
        self.put("cur/1:2,", self.seal(MESSAGE))
        broken = self.directory / "broken"
        broken.mkdir()
        done = run("open", self.source, self.target, home=broken)
        self.assertIn(done.returncode, (SOME_FAILED, BROKEN_OFF))
        self.assertEqual(self.tree(self.target), {})

    # ---- what a person sees

    def on_a_terminal(self, *arguments):
        leader, follower = pty.openpty()
        done = subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=follower, check=False,
                              env=dict(os.environ, GNUPGHOME=str(self.users.path)))
        os.close(follower)
        shown = b""
        try:
            while piece := os.read(leader, 4096):
                shown += piece
        except OSError:  # Linux says EIO at the end of a terminal
            pass
        os.close(leader)
        return done, shown

    def test_the_progress_bar_is_for_terminals_only(self):
        for number in range(3):
            self.put(f"cur/{number}:2,", self.seal(MESSAGE))
        done, shown = self.on_a_terminal("open", self.source, self.target)
        self.assertEqual(done.returncode, DONE)
        self.assertIn(b"] 3 of 3 messages", shown)
        self.assertTrue(shown.endswith(b"\r\x1b[K"))
        shutil.rmtree(self.target)
        self.assertEqual(self.open(self.source, self.target).stderr, b"")

    def test_names_cannot_command_the_terminal(self):
        self.put("cur/\x1b]0;evil\x07:2,", b"clear\n")
        opened = self.open(self.source, self.target, status=NOT_SEALED)
        self.assertNotIn(b"\x1b", opened.stderr)
        self.assertIn(b"cur/?]0;evil?:2,", opened.stderr)

    def test_help_version_and_wrong_usage(self):
        for arguments in (["--help"], ["-h"], ["open", "--help"], ["--version"]):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stderr), (DONE, b""))
            self.assertIn(b"maildircrypt", done.stdout)
        for arguments in ([], ["shut"], ["open", "a", "b", "c"], ["open", "--unknown"]):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (BROKEN_OFF, b""))
            self.assertIn(b"--help", done.stderr)
        self.open("/nowhere/at/all", status=BROKEN_OFF)

    # ---- two undoings, one format

    def test_the_second_undoing_agrees_on_generated_messages(self):
        seeds = range(1000, 1120)
        originals, armours = [], []
        for seed in seeds:
            originals.append(subprocess.run([SEAL, "--generate", str(seed)], capture_output=True,
                                            check=True).stdout)
            sealed = undo.take_apart(self.seal(originals[-1]))
            armours.append(sealed.armour + b"\n")
        work = self.directory / "payloads"
        work.mkdir()
        names = [f"{seed}.asc" for seed in seeds]
        for name, armour in zip(names, armours):
            (work / name).write_bytes(armour)
        subprocess.run(["gpg", "--homedir", self.users.path, "--batch", "--quiet",
                        "--decrypt-files", *names], cwd=work, check=True, capture_output=True)
        for seed, original in zip(seeds, originals):
            payload = (work / str(seed)).read_bytes()
            self.assertEqual(undo.undo(payload), original, f"seed {seed}")


if __name__ == "__main__":
    harness.main()
