"""What must be true of every sealed message that was stored, and of all of them together."""

import collections
import concurrent.futures
import re

from gpg import DecryptionFailed, address_of
from undo import Refused, check_packets, form_of, take_apart, undo

RUN = 16  # octets of the plaintext body that may nowhere be found in the stored file

# Fields that may stand outside, DESIGN.md "The sealed message", and those that the mail server adds.
OUTSIDE = re.compile(
    rb"(received|return-path|delivered-to|x-original-to|envelope-to|delivery-date|resent-[a-z-]+"
    rb"|x-loop|x-beenthere|from|sender|reply-to|to|cc|mail-followup-to|mail-reply-to|date|message-id"
    rb"|in-reply-to|references|list-[a-z-]+|(x-)?mailing-list|auto-submitted|precedence"
    rb"|x-auto-response-suppress|x-auto(generated|reply|respond)|authentication-results"
    rb"|received-spf|x-(spamd?|rspamd|crm114)-[a-z0-9-]+"
    rb"|x-(bogosity|virus-scanned|virus-status|amavis-alert|spam|dspam-result)"
    rb"|subject|mime-version|content-type|maildircrypt-provenance)",
    re.IGNORECASE)
ARMOUR_TEXT = re.compile(rb"[A-Za-z0-9+/=\r\n]{%d,}" % RUN)


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
        run = shares_a_run(self.sealed.armour, body_of(self.original))
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


def open_all(jobs, users, stranger):
    """[(kind, octets)] to [(kind, Opened)], two at a time."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda job: (job[0], open_one(job, users, stranger)), jobs))


def open_one(job, users, stranger):
    kind, octets = job
    try:
        return Opened(octets, users, stranger, kind)
    except (AssertionError, Refused, DecryptionFailed) as failure:
        raise AssertionError(f"{failure}\nfor {kind}, stored as:\n{octets[:3000]!r}") from failure


def body_of(message):
    return message.replace(b"\r\n", b"\n").partition(b"\n\n")[2]


def is_enveloped(message):
    """Looks like S/MIME encryption by the sender, whose structure the corpus has in a few messages."""
    return b"enveloped-data" in message.partition(b"\n\n")[0].replace(b"\r", b"") \
        and b"Maildircrypt-Provenance: sealed" not in message


def take_out_enveloped(stored, handed):
    """What the sender had encrypted passes: takes pairs of equal messages out of both; their number."""
    passed = 0
    for kind, messages in stored.items():
        for octets in [octets for octets in messages if is_enveloped(octets)]:
            same = [given for given in handed[kind] if body_of(given) == body_of(octets)]
            assert same, f"{kind}: passed, and not as it was handed in: {octets[:600]!r}"
            assert b"\nMaildircrypt-Provenance: clear" not in octets
            messages.remove(octets)
            handed[kind].remove(same[0])
            passed += 1
    return passed


def check_round(stored, handed, users, stranger):
    """Each user's stored messages, {kind: [octets]}, undo to exactly what was handed in for that user.

    Returns how often each form of seal/FORMAT was met, and how many messages passed because the
    sender had encrypted them.
    """
    passed = take_out_enveloped(stored, handed)
    opened = open_all([(kind, octets) for kind in stored for octets in stored[kind]], users, stranger)
    for kind in handed:
        missing = collections.Counter(handed[kind])
        missing.subtract(message.original for owner, message in opened if owner == kind)
        wrong = {octets: count for octets, count in missing.items() if count != 0}
        assert not wrong, f"{kind}: " + "; ".join(
            f"{'lost' if count > 0 else 'never handed in'}: {octets[:600]!r} ({len(octets)} octets)"
            for octets, count in sorted(wrong.items(), key=lambda item: item[0][-300:]))[:6000]
    messages = [message for _, message in opened]
    frames = {message.frame() for message in messages}
    assert len(frames) == 1, f"frames differ: {frames}"
    boundaries = {message.sealed.boundary for message in messages}
    assert len(boundaries) == len(messages), "a boundary was used twice"
    return collections.Counter(message.form for message in messages), passed
