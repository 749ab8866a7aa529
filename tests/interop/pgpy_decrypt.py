#!/usr/bin/python3
"""pgpy_decrypt.py JOBS: decrypts with PGPy (Debian's python3-pgpy); see openpgpjs/decrypt.mjs for JOBS."""

import json
import pathlib
import sys
import warnings

warnings.simplefilter("ignore")
import pgpy


def decrypt(job):
    key, _ = pgpy.PGPKey.from_file(job["key"])
    message = pgpy.PGPMessage.from_file(job["armour"])
    subkey = next(iter(key.subkeys.values()))
    text = subkey.decrypt(message).message
    return text.encode() if isinstance(text, str) else bytes(text)


for task in json.loads(pathlib.Path(sys.argv[1]).read_text()):
    try:
        pathlib.Path(task["output"]).write_bytes(decrypt(task))
    except Exception as error:  # whatever PGPy throws is its answer
        pathlib.Path(task["output"] + ".error").write_text(f"{type(error).__name__}: {error}")
