"""keyd/KEYLOG, read once more: the key log's chain, made and followed without keyd."""

import hashlib
import hmac
import sqlite3


def row_hash(row):
    """Of (sequence, time, channel, action, address, keys, previous): the last three are octets."""
    sequence, time, channel, action, *hashes = row
    text = f"maildircrypt-keylog-1\n{sequence}\n{time}\n"
    text += "".join(f"{len(word.encode())} {word}\n" for word in (channel, action))
    text += "".join(f"{value.hex()}\n" for value in hashes)
    return hashlib.sha256(text.encode()).digest()


def genesis(store_id):
    return hashlib.sha256(f"maildircrypt-keylog-1 genesis\n{store_id}\n".encode()).digest()


def commitment(label, salt, value):
    return hmac.new(salt, f"{label}\n{value}".encode(), hashlib.sha256).digest()


class Forger:
    """Somebody who can write keyd's store while keyd is down, and knows all of its rules."""

    def __init__(self, path):
        self.database = sqlite3.connect(path)
        for trigger in ("key_log_is_not_changed", "key_log_is_not_shortened"):
            self.database.execute(f"DROP TRIGGER IF EXISTS {trigger}")

    def run(self, sql, *values):
        self.database.execute(sql, values)

    def rows(self):
        return self.database.execute(
            "SELECT sequence, time, channel, action, address_commitment, keys_commitment, previous "
            "FROM key_log ORDER BY sequence").fetchall()

    def rewrite_chain(self):
        """New hashes from the first row to the head: right in themselves."""
        (store_id,), = self.database.execute("SELECT id FROM store")
        previous, last = genesis(store_id), 0
        for row in self.rows():
            last = row[0]
            linked = (*row[:6], previous)
            self.run("UPDATE key_log SET previous = ? WHERE sequence = ?", previous, last)
            previous = row_hash(linked)
            self.run("UPDATE key_log SET hash = ? WHERE sequence = ?", previous, last)
        self.run("UPDATE store SET log_sequence = ?, log_head = ?", last, previous.hex())

    def rename(self, sequence, address):
        """Another address in an opening, and the commitment that fits."""
        (salt,), = self.database.execute(
            "SELECT address_salt FROM key_log_openings WHERE sequence = ?", (sequence,))
        self.run("UPDATE key_log_openings SET address = ? WHERE sequence = ?", address, sequence)
        self.run("UPDATE key_log SET address_commitment = ? WHERE sequence = ?",
                 commitment("address", salt, address), sequence)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.database.commit()
        self.database.close()
