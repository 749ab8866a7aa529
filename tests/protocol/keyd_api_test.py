#!/usr/bin/python3
# needs: root
"""keyd's API by curl, in every role; keyd-cli; start, stop and crash."""

import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import exim
import gpg
import harness
from keyd import USER
from keyd_case import ADMIN_GROUP, ANN, OWNED, KeydCase
from processes import Server


class ApiTest(KeydCase):
    # ---- the API

    def test_a_key_lives_from_upload_to_removal(self):
        self.start()
        self.assertEqual(self.state(ANN), "no-key")
        status, added = self.upload(ANN, "cv25519")
        self.assertEqual((status, added["state"]), (201, "sealable"))
        status, answer = self.curl(f"/v1/lookup/{ANN.upper()}")
        self.assertEqual(answer["address"], ANN)
        self.assertEqual(answer["seal_to"][0]["fingerprint"], answer["recognise"][0])
        self.assertEqual((answer["store"]["revision"], answer["log"]["sequence"]), (1, 1))
        status, health = self.curl("/v1/health")
        self.assertEqual((health["status"], health["store"]), ("ok", answer["store"]))
        status, shown = self.curl(f"/v1/addresses/{ANN}")
        self.assertEqual(shown["certificates"][0]["fingerprint"], added["fingerprint"])
        status, exported = self.curl(f"/v1/addresses/{ANN}/certificates")
        home = gpg.GpgHome(self.here / "gpg")
        self.addCleanup(home.stop_agent)
        home.run("--import", data=exported["certificates"].encode())
        self.assertIn(added["fingerprint"], home.run("--list-keys").stdout.decode())
        status, removed = self.curl(f"/v1/addresses/{ANN}", "-X", "DELETE")
        self.assertEqual((status, removed["state"]), (200, "no-key"))
        self.assertEqual(self.state(ANN), "no-key")
        status, verified = self.curl("/v1/log/verify", "-X", "POST")
        self.assertEqual((status, verified["sequence"]), (200, 2))

    def test_a_stolen_account_cannot_redirect_mail(self):
        self.start()
        self.assertEqual(self.upload(OWNED, "owned", role="the owner")[0], 201)
        self.assertEqual(self.upload(OWNED, "thief", role="the owner")[0], 403)
        status, removed = self.curl(f"/v1/addresses/{OWNED}", "-X", "DELETE", role="the owner")
        self.assertEqual((status, removed["state"]), (200, "tombstone"))
        self.assertEqual(self.state(OWNED), "tombstone")
        self.assertEqual(self.upload(OWNED, "thief", role="the owner")[0], 403)
        self.assertEqual(self.upload(OWNED, "thief")[0], 201)  # an administrator decides

    def test_what_must_not_get_in_does_not(self):
        self.start()
        for name, status in (("owned secret", 422), ("rsa2048", 422)):
            got, body = self.upload(OWNED, name)
            self.assertEqual((got, body["error"]["code"]), (status, "certificate_refused"), body)
        (self.here / "big").write_bytes(b"x" * (5 * 1024 * 1024 + 1))
        self.made["big"] = self.here / "big"
        self.assertEqual(self.upload(OWNED, "big")[0], 413)
        status, body = self.curl(f"/v1/addresses/{OWNED}/certificates", "-H",
                                 "Transfer-Encoding: chunked", "--data-binary",
                                 f"@{self.here / 'big'}")
        self.assertEqual(status, 413)
        status, body = self.curl(f"/v1/addresses/{OWNED}/certificates", "-X", "POST")
        self.assertEqual((status, body["error"]["code"]), (400, "no_certificate"))
        self.assertEqual(self.state(OWNED), "no-key")
        self.assertEqual(self.curl("/v1/health")[1]["store"]["revision"], 0)
        self.assertEqual(self.upload(OWNED, "owned")[0], 201)  # and it still works

    def test_uploads_may_be_chunked_or_wait_for_100_continue(self):
        self.start()
        for header in ("Transfer-Encoding: chunked", "Expect: 100-continue"):
            status, body = self.curl("/v1/check", "-H", header, "--expect100-timeout", "20",
                                     "--data-binary", f"@{self.made['cv25519']}")
            self.assertEqual(status, 200, body)

    def test_requests_that_are_none_get_an_answer_that_says_so(self):
        self.start()
        for path, options, status in (
                ("/v2/health", [], 404), ("/v1/lookup/ann", [], 400), ("/v1/health", ["-X", "PUT"], 405),
                ("/v1/health", ["-d", "body"], 405), ("/v1/addresses?limit=0", [], 400),
                ("/v1/health", ["-X", "GET", "-d", "body"], 400),
                ("/v1/health", ["-H", "X: " + "x" * 9000], 431)):
            with self.subTest(path=path, options=str(options)[:60]):
                got, body = self.curl(path, *options)
                self.assertEqual(got, status)
                self.assertEqual(set(body["error"]), {"code", "message"})

    def test_every_example_of_the_document_works(self):
        self.start("--socketmap", self.here / "map")
        home = gpg.GpgHome(self.here / "ann")
        self.addCleanup(home.stop_agent)
        home.generate("cv25519", "ann@example.org")
        for name in ("ann", "recovery"):
            (self.here / f"{name}.asc").write_bytes(home.certificate("ann@example.org"))
        examples = [line.strip() for line in (harness.ROOT / "keyd/API").read_text().splitlines()
                    if line.startswith("    curl ")]
        self.assertEqual(len(examples), 18)
        fingerprint = ""
        for example in examples:
            # What the document shows next to each other happens one after the other here.
            if example.endswith(("-X DELETE http://keyd/v1/addresses/ann@example.org", "/lost")):
                self.cli("add", "ann@example.org", self.here / "ann.asc", check=0)
            run = subprocess.run(
                ["sh", "-c", example.replace("/run/maildircrypt/keyd.sock", str(self.keyd.socket))
                 .replace("FINGERPRINT", fingerprint).replace("curl ", "curl -sS -f ")],
                cwd=self.here, capture_output=True, check=False)
            self.assertEqual(run.returncode, 0, example + run.stderr.decode())
            if "/metrics" in example:
                self.assertIn(b"maildircrypt_keyd_lookups_total", run.stdout)
                continue
            if example.endswith("/lost"):
                self.cli("remove", "ann@example.org", check=0)
            answer = json.loads(run.stdout)
            fingerprint = answer.get("fingerprint", fingerprint)

    def test_requests_of_one_connection_are_answered_in_order(self):
        self.start()
        self.upload(ANN, "cv25519")
        addresses = [ANN if i % 3 == 0 else f"nobody{i}@{gpg.DOMAIN}" for i in range(60)]
        with socket.socket(socket.AF_UNIX) as peer:
            peer.settimeout(30)
            peer.connect(str(self.keyd.socket))
            peer.sendall(b"".join(f"GET /v1/lookup/{a} HTTP/1.1\r\nHost: k\r\n\r\n".encode()
                                  for a in addresses))
            peer.shutdown(socket.SHUT_WR)
            text = b""
            while piece := peer.recv(65536):
                text += piece
        bodies = [json.loads(part.split(b"\r\n\r\n", 1)[1])
                  for part in text.split(b"HTTP/1.1 200 OK\r\n")[1:]]
        self.assertEqual([body["address"] for body in bodies], addresses)

    def lookup_on(self, peer, address):
        """The reply's header on a connection that stays open."""
        peer.sendall(f"GET /v1/lookup/{address} HTTP/1.1\r\nHost: k\r\n\r\n".encode())
        text = b""
        while b"\r\n\r\n" not in text:
            text += peer.recv(65536)
        head, _, body = text.partition(b"\r\n\r\n")
        size = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0])
        while len(body) < size:
            body += peer.recv(65536)
        return head

    def connected(self):
        peer = socket.socket(socket.AF_UNIX)
        self.addCleanup(peer.close)
        peer.settimeout(30)
        peer.connect(str(self.keyd.socket))
        return peer

    def has_ended(self, peer):
        """At this moment, without waiting."""
        readable, _, _ = select.select([peer], [], [], 0)
        return bool(readable) and peer.recv(1, socket.MSG_PEEK) == b""

    def test_whoever_may_remember_an_answer_hears_of_changes_first(self):
        self.start()
        self.upload(ANN, "cv25519")
        alias = f"info@{gpg.DOMAIN}"
        for change in (lambda: self.cli("alias", alias, ANN, check=0),
                       lambda: self.cli("alias", alias, "--remove", check=0),
                       lambda: self.cli("alias", alias, ANN, check=0),
                       lambda: self.cli("lost-key", ANN, check=0)):
            remembering = [self.connected() for _ in range(3)]
            for peer in remembering:
                self.assertIn(b"\r\nMaildircrypt-Lease: 1", self.lookup_on(peer, ANN))
            others = [self.connected(), self.connected()]
            self.assertNotIn(b"Lease", self.lookup_on(others[0], f"nobody@{gpg.DOMAIN}"))
            change()
            self.assertEqual([self.has_ended(peer) for peer in remembering + others],
                             [True] * 3 + [False] * 2)
        self.assertNotIn(b"Lease", self.lookup_on(self.connected(), ANN))  # nothing to seal to

    def test_what_changes_no_keys_ends_nobodys_memory(self):
        self.start()
        self.upload(ANN, "cv25519")
        peer = self.connected()
        self.assertIn(b"\r\nMaildircrypt-Lease: 1", self.lookup_on(peer, ANN))
        self.curl(f"/v1/clear/{ANN}?state=no-key", "-X", "POST")
        self.curl("/v1/log/verify", "-X", "POST")
        status, _ = self.curl(f"/v1/addresses/{ANN}", "-X", "DELETE", role="somebody else")
        self.assertEqual(status, 403)
        self.curl(f"/v1/addresses/{ANN}")
        self.curl_text("/metrics")
        self.assertFalse(self.has_ended(peer))
        self.lookup_on(peer, ANN)

    def test_lookups_start_no_process(self):
        trace = self.directory / "trace"
        trace.touch()
        trace.chmod(0o666)
        self.start(wrapper=["strace", "-f", "-q", "-e", "trace=execve,fork,vfork,clone,clone3",
                            "-o", trace])
        self.upload(ANN, "cv25519")  # which does start one
        before = trace.read_text()
        self.assertGreater(before.count("execve("), 2)
        for _ in range(3):
            for address in (ANN, f"nobody@{gpg.DOMAIN}"):
                self.curl(f"/v1/lookup/{address}")
        self.assertEqual(trace.read_text(), before)

    # ---- start and stop

    def refusal(self, *options, status):
        run = subprocess.run([self.programs / "keyd", *options], user=USER, group=USER,
                             extra_groups=[], capture_output=True, check=False, timeout=60)
        self.assertEqual(run.returncode, status, run.stderr.decode())
        return run.stderr.decode()

    def test_starts_on_nothing_but_a_store_of_its_own(self):
        self.start()
        self.assertIn("another keyd", self.refusal("--socket", self.here / "s2", "--store",
                                                   self.keyd.store, status=69))
        other = pathlib.Path(self.here, "other")
        self.assertIn("never", self.refusal("--socket", self.here / "s2", "--store",
                                            "sqlite:/dev/null", status=69))
        message = self.refusal("--socket", self.here / "s2", "--store", f"sqlite:{other}", status=69)
        self.assertIn("keyd init", message)
        self.assertFalse(other.exists() or (self.here / "s2").exists())
        self.assertIn("exists", self.refusal("init", "--store", self.keyd.store, status=73))
        self.refusal("--socket", self.here / "s2", status=64)
        self.refusal("--store", self.keyd.store, "--frobnicate", status=64)
        self.refusal("frobnicate", "--store", self.keyd.store, status=64)
        (self.here / "map").write_text("ann\n")
        self.assertIn("line 1", self.refusal("--socket", self.here / "s2", "--store", f"sqlite:{other}",
                                             "--user-map", self.here / "map", status=78))

    def test_options_may_stand_in_a_file(self):
        self.start()
        self.keyd.stop()
        config = self.here / "keyd.conf"
        config.write_text(f"# a comment\nstore = {self.keyd.store}\nsocket = {self.keyd.socket}\n"
                          f"admin-group = {ADMIN_GROUP}\n")
        self.keyd.server = Server([self.programs / "keyd", "--config", config],
                                  self.here / "keyd.log", user=USER, notify=True)
        self.addCleanup(self.keyd.server.stop)
        self.assertEqual(self.curl("/v1/health")[0], 200)

    def test_the_service_manager_may_pass_the_sockets(self):
        self.start()
        self.keyd.stop()
        listeners = []
        for name in ("api", "map"):
            listener = socket.socket(socket.AF_UNIX)
            self.addCleanup(listener.close)
            listener.bind(str(self.here / name))
            os.chmod(self.here / name, 0o666)
            listener.listen(10)
            listeners.append(listener)
        api, socketmap = (listener.fileno() for listener in listeners)
        script = (f"exec 3<&{api} 4<&{socketmap}; LISTEN_PID=$$ LISTEN_FDS=2 "
                  f"exec {self.programs}/keyd --store {self.keyd.store}")
        server = Server(["bash", "-c", script], self.here / "keyd.log", user=USER, notify=True,
                        pass_fds=[api, socketmap])
        self.addCleanup(server.stop)
        self.keyd.socket = self.here / "api"
        self.assertEqual(self.curl("/v1/health")[0], 200)
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(self.here / "map"))
            peer.sendall(b"15:sealed a@b.test,")
            self.assertEqual(peer.recv(100), b"9:NOTFOUND ,")

    def test_stops_cleanly_and_answers_who_is_being_served(self):
        self.start()
        idle = socket.socket(socket.AF_UNIX)
        self.addCleanup(idle.close)
        idle.connect(str(self.keyd.socket))
        validator = self.programs / "keyd-validator"
        gate = self.here / "gate"
        os.mkfifo(gate)
        gate.chmod(0o666)
        real = self.here / "real-validator"
        validator.rename(real)
        self.addCleanup(real.rename, validator)
        self.addCleanup(validator.unlink)
        validator.write_text(f"#!/bin/sh\nread line <{gate}\nexec {real}\n")
        validator.chmod(0o755)
        answers = []
        uploading = threading.Thread(target=lambda: answers.append(self.upload(ANN, "cv25519")))
        uploading.start()
        with open(gate, "w", encoding="ascii") as opened:  # the validator has started
            self.keyd.server.process.send_signal(signal.SIGTERM)
            self.assertEqual(idle.recv(10), b"")
            opened.write("go\n")
        uploading.join(30)
        self.assertEqual(answers[0][0], 201)
        self.assertEqual(self.keyd.server.process.wait(30), 0)
        self.assertIn("stopped", self.keyd.server.output())

    def test_what_was_acknowledged_survives_a_kill(self):
        self.start()
        kinds = ["rsa2048", "cv25519"]
        for round_number in range(4):
            acknowledged = []
            for number in range(3):
                address = f"r{round_number}n{number}@{gpg.DOMAIN}"
                status, _ = self.upload(address, kinds[number % 2], query="?any_user_id=yes")
                self.assertEqual(status, 201)
                acknowledged.append(address)
            os.kill(self.keyd.server.pid, signal.SIGKILL)
            self.keyd.server.process.wait()
            self.restart()
            for address in acknowledged:
                self.assertEqual(self.state(address), "sealable")
        self.assertEqual(self.curl("/v1/log/verify", "-X", "POST")[1]["sequence"], 12)

    # ---- keyd-cli

    def test_the_command_line_does_all_of_it(self):
        self.start()
        out, err = self.cli("add", ANN, self.made["cv25519"], check=0)
        self.assertRegex(out, rf"^{ANN}: [0-9A-F]{{40}}, never expires, sealable\n$")
        self.assertEqual(err, "")
        certificate = self.made["rsa2048"].read_bytes()
        self.cli("add", gpg.address_of("rsa2048"), data=certificate, check=0)
        out, _ = self.cli("list", check=0)
        self.assertEqual([line.split("\t")[0] for line in out.splitlines()],
                         sorted([ANN, gpg.address_of("rsa2048")]))
        listed = json.loads(self.cli("--json", "list", check=0)[0])
        self.assertEqual(len(listed["addresses"]), 2)
        self.assertIn("mail is sealed to", self.cli("show", ANN, check=0)[0])
        self.assertEqual(json.loads(self.cli("show", ANN, "--json", check=0)[0])["address"], ANN)
        self.assertIn("BEGIN PGP PUBLIC KEY BLOCK", self.cli("export", ANN, check=0)[0])
        self.assertIn("acceptable", self.cli("check", self.made["owned"], check=0)[0])
        self.assertIn("released", self.cli("remove", ANN, check=0)[0])
        self.assertEqual(len(self.cli("log", check=0)[0].splitlines()), 3)
        self.assertIn("whole", self.cli("log", "verify", check=0)[0])
        self.assertIn("revision 3", self.cli("status", check=0)[0])
        self.assertEqual(self.cli("expiring", check=0)[0], "")

    def test_the_command_line_says_what_is_wrong(self):
        self.start()
        for arguments, status, words in (
                (["add", OWNED, self.made["owned secret"]], 65, "secret"),
                (["add", OWNED, self.made["cv25519"]], 65, OWNED),
                (["add", OWNED, "/nonexistent"], 66, "/nonexistent"),
                (["check", "/dev/null"], 65, ""),
                (["show", "nobody@sealed.test"], 67, "keyd-cli add"),
                (["remove", "nobody@sealed.test"], 67, "nothing to remove"),
                (["remove", "nobody@sealed.test", "--certificate", "12"], 65, "40 hexadecimal"),
                (["frobnicate"], 64, "unknown command"), ([], 64, "missing"),
                (["show"], 64, "usage"), (["show", "x"], 64, "name@domain"),
                (["--frobnicate", "list"], 64, "frobnicate")):
            with self.subTest(arguments=arguments):
                out, err = self.cli(*arguments, check=status)
                self.assertIn(words, err)
                self.assertEqual(out, "")
        out, err = self.cli("list", role="somebody else", check=77)
        self.assertIn("maildircrypt-admin", err)
        out, err = self.cli("--json", "list", role="somebody else", check=77)
        self.assertEqual(json.loads(out)["error"]["code"], "not_permitted")
        self.assertIn("keyd-cli", self.cli("--help", check=0)[0])
        self.keyd.stop()
        out, err = self.cli("list", check=69)
        self.assertIn("Is keyd running", err)

    def test_secret_keys_are_not_even_sent(self):
        self.start()
        trace = self.here / "sent"
        secret = self.made["owned secret"]
        run = subprocess.run(["strace", "-f", "-e", "trace=connect", "-o", trace,
                              self.programs / "keyd-cli", "--socket", self.keyd.socket, "add",
                              OWNED, secret], capture_output=True, check=False)
        self.assertEqual(run.returncode, 65)
        self.assertNotIn(str(self.keyd.socket), trace.read_text())

    # ---- the socketmap

    def test_postfix_asks_the_socketmap(self):
        self.start("--socketmap", self.here / "map")
        self.upload(ANN, "cv25519")
        self.upload(OWNED, "owned")
        self.curl(f"/v1/addresses/{OWNED}?keep_tombstone=yes", "-X", "DELETE")
        config = self.here / "postfix"
        config.mkdir()
        (config / "main.cf").write_text("compatibility_level = 3.6\n")

        def ask(name, key):
            run = subprocess.run(["postmap", "-c", config, "-q", key,
                                  f"socketmap:unix:{self.here}/map:{name}"], capture_output=True,
                                 check=False)
            error = "table" in run.stderr.decode() or "fatal" in run.stderr.decode()
            return run.stdout.decode().strip() or ("error" if error else "not found")

        nobody = f"nobody@{gpg.DOMAIN}"
        self.assertEqual(ask("sealed", ANN), "sealed")
        self.assertEqual(ask("exists", ANN.upper()), "sealed")
        self.assertEqual(ask("sealed", nobody), "not found")
        self.assertEqual(ask("exists", nobody), "not found")
        self.assertEqual(ask("sealed", gpg.DOMAIN), "not found")
        self.assertEqual(ask("sealed", OWNED), "error")
        self.assertEqual(ask("exists", OWNED), "sealed")
        self.assertEqual(ask("frobnicate", nobody), "error")
        self.keyd.stop()
        self.assertEqual(ask("sealed", nobody), "error")

    @unittest.skipIf(exim.available(), exim.available())
    def test_exim_asks_in_lines(self):
        self.start("--socketmap", self.here / "map")
        self.upload(ANN, "cv25519")
        self.upload(OWNED, "owned")
        self.curl(f"/v1/addresses/{OWNED}?keep_tombstone=yes", "-X", "DELETE")
        config = self.here / "exim.conf"
        config.write_text("primary_hostname = here.test\nkeep_environment =\n"
                          f"spool_directory = {self.here}/spool\nlog_file_path = {self.here}/%slog\n"
                          "queue_only\n")

        def ask(query):
            expression = "${readsocket{%s/map}{%s\\n}{5s}{}{AWAY}}" % (self.here, query)
            run = subprocess.run([exim.BINARY, "-C", config, "-be", expression],
                                 capture_output=True, check=True)
            return run.stdout.decode().strip()

        self.assertEqual(ask(f"exists {ANN}"), "OK sealed")
        self.assertEqual(ask(f"sealed {ANN}"), "OK sealed")
        self.assertEqual(ask(f"exists {OWNED}"), "OK sealed")
        self.assertRegex(ask(f"sealed {OWNED}"), "^TEMP ")
        self.assertEqual(ask(f"exists nobody@{gpg.DOMAIN}"), "NOTFOUND")
        self.keyd.stop()
        self.assertEqual(ask(f"exists {ANN}"), "AWAY")


if __name__ == "__main__":
    harness.main()
