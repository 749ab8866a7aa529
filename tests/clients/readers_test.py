#!/usr/bin/python3
"""notmuch, mutt and neomutt read a sealed Maildir: true Subject, text, signatures, search."""

import email
import json
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness
import processes
import sealed_mail

SUBJECT_AND_TEXT = {
    "Grüße vom Unterwassermotor": "speaks of a lighthouse",
    "Quarterly zeppelin figures": "mentions marmalade",
    "Bare as a walnut": "text about walnuts",
    "Signed rhubarb": "grows rhubarb",
    "Signed rhubarb, protected": "grows rhubarb",
}


def notmuch_config(mail):
    path = mail.directory / "notmuch-config"
    path.write_text(f"[database]\npath={mail.maildir}\n[user]\nname=Test\n"
                    f"primary_email={sealed_mail.ADDRESS}\n[index]\ndecrypt=true\n")
    return str(path)


class Notmuch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("notmuch"):
            raise unittest.SkipTest("notmuch is not installed")
        cls.mail = sealed_mail.SealedMaildir(harness.temporary_directory())
        cls.environment = cls.mail.environment(NOTMUCH_CONFIG=notmuch_config(cls.mail))
        cls.notmuch("new")

    @classmethod
    def tearDownClass(cls):
        cls.mail.home.stop_agent()

    @classmethod
    def notmuch(cls, *arguments):
        return subprocess.run(["notmuch", *arguments], env=cls.environment, check=True,
                              capture_output=True, text=True).stdout

    def test_true_subjects_are_listed(self):
        threads = json.loads(self.notmuch("search", "--format=json", "*"))
        # notmuch 0.37 does not index the headers that a *signed* part protects; it shows them.
        expected = set(SUBJECT_AND_TEXT) - {"Signed rhubarb, protected"} | {"..."}
        self.assertEqual({thread["subject"] for thread in threads}, expected)

    def test_subjects_and_texts_are_searched(self):
        for query, subject in (("subject:unterwassermotor", "Grüße vom Unterwassermotor"),
                               ("subject:zeppelin", "Quarterly zeppelin figures"),
                               ("walnuts", "Bare as a walnut"), ("marmalade", "Quarterly zeppelin figures")):
            found = json.loads(self.notmuch("search", "--format=json", query))
            self.assertEqual([thread["subject"] for thread in found], [subject], query)

    def show(self, number):
        (thread,) = json.loads(self.notmuch("show", "--format=json", "--decrypt=true", "--verify",
                                            f"id:{number}@out.test"))
        return thread[0][0]

    def test_messages_are_shown(self):
        for number, (subject, text) in enumerate(SUBJECT_AND_TEXT.items(), 1):
            message = self.show(number)
            self.assertEqual(message["headers"]["Subject"], subject)
            self.assertEqual(message["crypto"]["decrypted"]["status"], "full")
            self.assertIn(text, json.dumps(message["body"]))

    def test_signatures_are_verified(self):
        for number in (4, 5):
            states = {signer["status"] for found in signatures(self.show(number)["body"])
                      for signer in found}
            self.assertEqual(states, {"good"})


def signatures(parts):
    for part in parts:
        if not isinstance(part, dict):
            continue
        if part.get("sigstatus"):
            yield part["sigstatus"]
        if isinstance(part.get("content"), list):
            yield from signatures(part["content"])


class Terminal:
    """A program in tmux, with a server of its own."""

    def __init__(self, directory, environment, *command):
        self.tmux = ["tmux", "-S", str(directory / "tmux"), "-f", "/dev/null"]
        subprocess.run([*self.tmux, "new-session", "-d", "-x", "140", "-y", "50", *command],
                       env=environment, check=True)

    def screen(self):
        run = subprocess.run([*self.tmux, "capture-pane", "-p"], capture_output=True, check=False)
        return run.stdout.decode(errors="replace")

    def keys(self, *keys):
        subprocess.run([*self.tmux, "send-keys", *keys], check=True)

    def wait_for(self, *texts):
        def shown():
            screen = self.screen()
            return screen if all(text in screen for text in texts) else None
        try:
            return processes.wait_until(shown, texts)
        except AssertionError as error:
            raise AssertionError(f"{error}; the screen:\n{self.screen()}") from None

    def stop(self):
        subprocess.run([*self.tmux, "kill-server"], check=False, capture_output=True)


class TerminalReaders(unittest.TestCase):
    def read_with(self, program):
        if not shutil.which(program) or not shutil.which("tmux"):
            self.skipTest(f"{program} or tmux is not installed")
        mail = sealed_mail.SealedMaildir(harness.temporary_directory())
        rc = mail.directory / "muttrc"
        rc.write_text("set sort=date\nset wait_key=no\nset mail_check=0\nset confirmappend=no\n"
                      f"set header_cache=\nset tmpdir={mail.directory}\nset charset=utf-8\n"
                      "set crypt_use_gpgme=yes\nset crypt_verify_sig=yes\nset quit=yes\n"
                      f"set mbox_type=Maildir\nset folder={mail.directory}\nset move=no\n"
                      "set pgp_auto_decode=no\nset markers=no\n")
        terminal = Terminal(mail.directory, mail.environment(TERM="screen-256color"),
                            program, "-F", str(rc), "-f", str(mail.maildir))
        try:
            terminal.wait_for("Sender")
            for number, (subject, text) in enumerate(SUBJECT_AND_TEXT.items(), 1):
                terminal.keys(str(number), "Enter")
                terminal.keys("Enter")
                screen = terminal.wait_for(f"Subject: {subject}", text)
                if subject.startswith("Signed"):
                    self.assertIn("Good signature", screen)
                terminal.keys("i")
                # Once opened, the list shows the true Subject too.
                terminal.wait_for(subject, "Sender")
        finally:
            terminal.stop()
            mail.home.stop_agent()

    def test_mutt(self):
        self.read_with("mutt")

    def test_neomutt(self):
        self.read_with("neomutt")


class Replies(unittest.TestCase):
    """A reply to all goes where the sender wanted, and belongs to the thread, in every mode."""

    LETTER = (b"Reply-To: Replies <replies@out.test>\nCc: other@out.test\n"
              b"In-Reply-To: <second@out.test>\nReferences: <first@out.test> <second@out.test>\n"
              b"Subject: Answer me, parsnip\n\nThe letter asks about parsnips.\n")

    def reply_with(self, program, mode):
        if not shutil.which(program) or not shutil.which("tmux"):
            self.skipTest(f"{program} or tmux is not installed")
        mail = sealed_mail.SealedMaildir(harness.temporary_directory(), f"--outer-headers={mode}")
        mail.add("Answer me, parsnip", self.LETTER)
        sent = mail.directory / "sent"
        sendmail = mail.directory / "sendmail"
        sendmail.write_text(f"#!/bin/sh\ncat > {sent}.part && mv {sent}.part {sent}\n")
        sendmail.chmod(0o755)
        rc = mail.directory / "muttrc"
        rc.write_text(f"set sendmail={sendmail}\nset editor=true\nset abort_unmodified=no\n"
                      "set fast_reply=yes\nset include=yes\nset reply_to=yes\nset copy=no\nset record=\n"
                      "set crypt_replyencrypt=no\nset sort=date\nset wait_key=no\nset confirmappend=no\n"
                      f"set tmpdir={mail.directory}\nset charset=utf-8\nset crypt_use_gpgme=yes\n"
                      f"set mbox_type=Maildir\nset folder={mail.directory}\nset move=no\n"
                      f"set from={sealed_mail.ADDRESS}\nset sendmail_wait=0\n")
        terminal = Terminal(mail.directory, mail.environment(TERM="screen-256color"),
                            program, "-F", str(rc), "-f", str(mail.maildir))
        try:
            terminal.wait_for("Sender")
            terminal.keys("6", "Enter")
            terminal.keys("Enter")
            terminal.wait_for("Subject: Answer me, parsnip", "asks about parsnips")
            terminal.keys("g")
            terminal.wait_for("replies@out.test", "Re: Answer me, parsnip", "y:Send")
            terminal.keys("y")
            processes.wait_until(sent.exists, "the reply is sent")
        finally:
            terminal.stop()
            mail.home.stop_agent()
        return email.message_from_bytes(sent.read_bytes())

    def reply_with_notmuch(self, mode):
        if not shutil.which("notmuch"):
            self.skipTest("notmuch is not installed")
        mail = sealed_mail.SealedMaildir(harness.temporary_directory(), f"--outer-headers={mode}")
        mail.add("Answer me, parsnip", self.LETTER)
        environment = mail.environment(NOTMUCH_CONFIG=notmuch_config(mail))
        try:
            subprocess.run(["notmuch", "new"], env=environment, check=True, capture_output=True)
            return email.message_from_bytes(subprocess.run(
                ["notmuch", "reply", "--decrypt=true", "id:6@out.test"], env=environment, check=True,
                capture_output=True).stdout)
        finally:
            mail.home.stop_agent()

    def check(self, program):
        for mode in ("standard", "minimal", "all"):
            with self.subTest(mode=mode):
                reply = self.reply_with_notmuch(mode) if program == "notmuch" \
                    else self.reply_with(program, mode)
                self.assertIn("replies@out.test", reply["To"])
                self.assertNotIn(sealed_mail.SENDER, reply["To"])
                self.assertIn("other@out.test", f"{reply['To']} {reply['Cc']}")
                # notmuch 0.37 answers under the outer Subject.
                self.assertEqual(reply["Subject"], "Re: ..." if program == "notmuch"
                                 else "Re: Answer me, parsnip")
                self.assertEqual(reply["In-Reply-To"], "<6@out.test>")
                whole = [] if mode == "minimal" else ["<first@out.test>", "<second@out.test>"]
                self.assertEqual(reply["References"].split(), [*whole, "<6@out.test>"])
                self.assertIn("asks about parsnips", reply.get_payload())

    def test_mutt(self):
        self.check("mutt")

    def test_neomutt(self):
        self.check("neomutt")

    def test_notmuch(self):
        self.check("notmuch")


if __name__ == "__main__":
    harness.main()
