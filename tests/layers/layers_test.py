#!/usr/bin/python3
"""The source keeps the order of its folders, and the check notices each kind of violation."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "lib"))
import harness

CHECK = harness.ROOT / "tests/layers/check_layers.py"


def check(root):
    run = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True)
    return run.returncode, run.stdout


def check_file(name, include):
    """Checks a tree that holds nothing but a file with this one include."""
    with tempfile.TemporaryDirectory() as root:
        path = pathlib.Path(root, name)
        path.parent.mkdir()
        path.write_text(f"/// Example.\n#include {include}\n")
        return check(root)


class Layers(unittest.TestCase):
    def test_the_source_keeps_the_order(self):
        status, output = check(harness.ROOT)
        self.assertEqual(output, "")
        self.assertEqual(status, 0)

    def test_make_layers_runs_the_check(self):
        subprocess.run(["make", "-s", "-C", harness.ROOT, "layers"], check=True)

    def test_what_is_allowed_passes(self):
        for name, include in [
            ("base/fd.cpp", '"base/fd.hpp"'),
            ("seal/sealer.cpp", '"base/spill.hpp"'),
            ("keyd/server.cpp", "<boost/beast/http.hpp>"),
            ("keyd/sqlite_store.cpp", "<sqlite3.h>"),
            ("keyd/postgresql_connection.hpp", "<postgresql/libpq-fe.h>"),
            ("milter/session.cpp", '"keyd/client.hpp"'),
            ("milter/callbacks.cpp", "<libmilter/mfapi.h>"),
            ("admin/open.cpp", "<gpgme.h>"),
        ]:
            with self.subTest(name=name, include=include):
                self.assertEqual(check_file(name, include), (0, ""))

    def test_a_violation_is_named_and_fails(self):
        for name, include in [
            ("base/fd.cpp", '"seal/sealer.hpp"'),
            ("seal/sealer.cpp", '"keyd/client.hpp"'),
            ("keyd/server.cpp", '"milter/session.hpp"'),
            ("milter/session.cpp", '"keyd/store.hpp"'),
            ("milter/session.cpp", '"pipe/maildir.hpp"'),
            ("pipe/worker.cpp", '"admin/doctor.hpp"'),
            ("admin/doctor.cpp", '"keyd/certificate.hpp"'),
            ("milter/session.cpp", "<libmilter/mfapi.h>"),
            ("seal/encryptor.cpp", "<gpgme.h>"),
            ("pipe/worker.cpp", "<gpgme.h>"),
            ("keyd/server.cpp", "<sqlite3.h>"),
            ("keyd/certificate.cpp", "<libpq-fe.h>"),
            ("keyd/store_option.cpp", "<postgresql/libpq-fe.h>"),
            ("milter/session.cpp", "<boost/beast/core.hpp>"),
            ("pipe/worker.cpp", '"maildir.hpp"'),
            ("pipe/worker.cpp", '"base/../keyd/store.hpp"'),
            ("base/fd.hpp", "<seal/sealer.hpp>"),
        ]:
            with self.subTest(name=name, include=include):
                status, output = check_file(name, include)
                self.assertEqual(status, 1)
                self.assertTrue(output.startswith(f"{name}:2: "), output)

    def test_types_of_one_name_are_found(self):
        with tempfile.TemporaryDirectory() as root:
            for folder, space in [("keyd", "mdc"), ("milter", "mdc"), ("pipe", "mdc::lmtp")]:
                path = pathlib.Path(root, folder, "workers.hpp")
                path.parent.mkdir()
                path.write_text(f"namespace {space} {{\nclass Forward;\nclass Workers final : X {{\n")
            status, output = check(root)
            self.assertEqual(status, 1)
            self.assertEqual(output,
                             "milter/workers.hpp:3: mdc::Workers is declared in keyd/workers.hpp, too\n")


if __name__ == "__main__":
    harness.main()
