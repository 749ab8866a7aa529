"""What must be true of every sealed message that was stored, and of all of them together."""

import collections
import concurrent.futures
import re

from gpg import DecryptionFailed, address_of
from undo import check_packets, form_of, split_fields, take_apart, undo

RUN = 16  # octets of the plaintext body that may nowhere be found in the stored file

# Fields that may stand outside, DESIGN.md "The sealed message", and those that the mail server adds.
OUTSIDE = re.compile(
    rb"(received|return-path|delivered-to|x-original-to|resent-[a-z-]+|from|sender|reply-to|to|cc"
    rb"|date|message-id|in-reply-to|references|mail-followup-to|list-[a-z-]+|auto-submitted"
    rb"|precedence|x-loop|authentication-results|x-spam-[a-z-]+|x-rspamd-[a-z-]+"
    rb"|subject|mime-version|content-type|maildircrypt-provenance|envelope-to|delivery-date)",
    re.IGNORECASE)
ARMOUR_TEXT = re.compile(rb"[A-Za-z0-9+/=\r\n: -]{%d,}" % RUN)


def shares_a_run(armour, body):
    """The first run of RUN octets that both hold, or None."""
    runs = set()
    for stretch in ARMOUR_TEXT.finditer(body):  # what cannot stand in armour needs no comparing
        text = stretch.group()
        runs.update(text[i:i + RUN] for i in range(len(text) - RUN + 1))
    if not runs:
        return None
    return next((armour[i:i + RUN] for i in range(len(armour) - RUN + 1)
                 if armour[i:i + RUN] in runs), None)


def is_sealed(stored):
    return b"-----BEGIN PGP MESSAGE-----" in stored


class Opened:
    """One stored message, checked and undone."""

    def __init__(self, stored, users, stranger, kind):
        self.sealed = take_apart(stored)
        check_packets(self.sealed.armour)
        plaintext, key_ids = users.decrypt(self.sealed.armour)
        expected = users.encryption_key_id(address_of(kind))
        assert key_ids == [expected], f"sealed to {key_ids}, not to {expected}"
        self.original = undo(plaintext)
        self.form = form_of(plaintext)
        self.check_provenance(expected)
        self.check_header()
        self.check_secrecy()
        if stranger is not None:
            self.check_wrong_key(stranger)

    def check_provenance(self, key_id):
        value = self.sealed.field("Maildircrypt-Provenance")[0].decode()
        assert re.search(rf"keys=[0-9A-F]{{24}}{key_id}$", value), value

    def check_header(self):
        for field in self.sealed.header:
            name = field.split(b":", 1)[0].strip(b" \t")
            assert OUTSIDE.fullmatch(name), f"{name!r} stands outside"
        assert set(self.sealed.field("Subject")) <= {b"..."}, "the Subject stands outside"

    def check_secrecy(self):
        body = self.original.replace(b"\r\n", b"\n").partition(b"\n\n")[2]
        run = shares_a_run(self.sealed.armour, body)
        assert run is None, f"{run!r} of the body can be read"

    def check_wrong_key(self, stranger):
        try:
            stranger.decrypt(self.sealed.armour)
        except DecryptionFailed:
            return
        raise AssertionError("the stranger's key opens it")

    def frame(self):
        """The MIME frame with the boundary blanked: the same for all, so nothing leaks through it."""
        return self.sealed.frame.replace(self.sealed.boundary, b"BOUNDARY")


def open_all(stored, users, stranger):
    """{kind: [octets]} to {kind: [Opened]}, two at a time."""
    jobs = [(kind, octets) for kind, messages in stored.items() for octets in messages]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        opened = list(pool.map(lambda job: (job[0], Opened(job[1], users, stranger, job[0])), jobs))
    result = collections.defaultdict(list)
    for kind, message in opened:
        result[kind].append(message)
    return result


def check_round(stored, handed, users, stranger):
    """Each user's stored messages undo to exactly what was handed in for that user.

    Returns how often each form of seal/FORMAT was met.
    """
    opened = open_all(stored, users, stranger)
    for kind in handed:
        missing = collections.Counter(handed[kind])
        missing.subtract(message.original for message in opened[kind])
        wrong = {octets: count for octets, count in missing.items() if count != 0}
        assert not wrong, f"{kind}: " + "; ".join(
            f"{'lost' if count > 0 else 'never handed in'}: {octets[:600]!r} ({len(octets)} octets)"
            for octets, count in sorted(wrong.items(), key=lambda item: item[0][:2000]))[:6000]
    messages = [message for kind in opened for message in opened[kind]]
    frames = {message.frame() for message in messages}
    assert len(frames) == 1, f"frames differ: {frames}"
    boundaries = {message.sealed.boundary for message in messages}
    assert len(boundaries) == len(messages), "a boundary was used twice"
    return collections.Counter(message.form for message in messages)


def first_difference(a, b):
    """For a failing test's text: where two octet strings part."""
    at = next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), min(len(a), len(b)))
    return f"at {at} of {len(a)} and {len(b)}: {a[at - 40:at + 40]!r} and {b[at - 40:at + 40]!r}"
