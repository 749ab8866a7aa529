"""OpenPGP.js in Debian's Chromium, headless, against a page served on loopback."""

import http.server
import json
import pathlib
import shutil
import subprocess
import tempfile
import threading

PAGE = pathlib.Path(__file__).resolve().parent / "openpgpjs/decrypt.html"
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
            "--no-first-run", "--disable-background-networking", "--disable-component-update",
            "--disable-sync", "--disable-dev-shm-usage"]


def decrypt(jobs, library, seconds=300):
    """Writes each job's output, or OUTPUT.error. `library` is openpgp.min.js."""
    done = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def answer(self, body, kind="text/plain; charset=latin1"):
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            what, _, number = self.path[1:].partition("/")
            if what == "":
                self.answer(PAGE.read_bytes(), "text/html")
            elif what == "openpgp.min.js":
                self.answer(pathlib.Path(library).read_bytes(), "text/javascript")
            elif what == "jobs":
                self.answer(json.dumps([{"number": n} for n in range(len(jobs))]).encode())
            elif what in ("key", "armour"):
                self.answer(pathlib.Path(jobs[int(number)][what]).read_bytes())
            else:
                self.send_error(404)

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            what, _, number = self.path[1:].partition("/")
            if what == "done":
                done.set()
            else:
                suffix = ".error" if what == "error" else ""
                pathlib.Path(jobs[int(number)]["output"] + suffix).write_bytes(body)
            self.answer(b"")

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    profile = tempfile.mkdtemp(prefix="mdc-chromium-", dir="/tmp")
    url = f"http://127.0.0.1:{server.server_address[1]}/"
    browser = subprocess.Popen([*CHROMIUM, f"--user-data-dir={profile}", url],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        if not done.wait(seconds):
            raise AssertionError(f"Chromium was not done within {seconds} s")
    finally:
        browser.terminate()
        browser.wait(20)
        server.shutdown()
        server.server_close()
        shutil.rmtree(profile, ignore_errors=True)
