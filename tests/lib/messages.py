"""Messages to be sealed: the shared corpus when it is there, and made ones that are awkward on purpose.

Each is (name, octets), lines ending in CRLF unless the name says otherwise. The order and the octets
are the same in every run.
"""

import base64
import random

import harness

CORPUS = harness.ROOT.parent / "shared/corpus"
AT_LEAST = 200

HEAD = (b"Received: from out.test by mx.test; Mon, 5 Jan 2026 10:00:00 +0000\r\n"
        b"From: Ada Example <ada@out.test>\r\nTo: user@sealed.test\r\n"
        b"Subject: A secret subject line\r\nDate: Mon, 5 Jan 2026 10:00:00 +0000\r\n"
        b"Message-ID: <%d@out.test>\r\n")
BODY = b"The quick brown fox reads the plaintext of this letter.\r\n.\r\nFrom here on, more text.\r\n"


def corpus():
    if not CORPUS.is_dir():
        return []
    files = sorted(path for path in CORPUS.rglob("*") if path.is_file() and path.name != "README")
    return [(f"corpus {path.relative_to(CORPUS)}", path.read_bytes()) for path in files]


def content_types():
    """Every way of writing a root Content-Type that sealing treats in its own way, and broken ones."""
    mixed = (b"--b\r\nContent-Type: text/plain\r\n\r\nThe first part of this letter.\r\n--b\r\n"
             b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
             + base64.encodebytes(bytes(range(256)) * 9).replace(b"\n", b"\r\n") + b"--b--\r\n")
    signed = (b"--b\r\nContent-Type: text/plain%s\r\n\r\nA signed text.\r\n--b\r\n"
              b"Content-Type: application/pgp-signature\r\n\r\nno real signature\r\n--b--\r\n")
    protected = b'; protected-headers="v1"'
    multipart = b"multipart/signed; boundary=b; micalg=pgp-sha256; protocol=\"application/pgp-signature\""
    values = [
        (b" text/plain", BODY), (b" text/plain; charset=utf-8", "Grüße\r\n".encode()),
        (b" text/plain;\r\n\tcharset=\"us-ascii\"", BODY), (b"text/plain", BODY),
        (b"  TEXT/HTML ; charset=x", b"<p>Hello, this is a paragraph</p>\r\n"),
        (b" text/plain; charset=us-ascii (a comment)", BODY), (b" (comment) text/plain", BODY),
        (b" text/plain (comment); charset=us-ascii", BODY), (b" text (x) / (y) plain", BODY),
        (b"\r\n text/plain", BODY), (b" text/\r\n plain", BODY), (b" text/plain;", BODY),
        (b" text/plain;;; charset=us-ascii", BODY), (b" text", BODY), (b" /plain", BODY),
        (b" text/", BODY), (b"", BODY), (b" ", BODY), (b" ;charset=x", BODY),
        (b" text/plain; name*=UTF-8''%e2%82%ac", BODY), (b" text/plain; name*0=a; name*1=b", BODY),
        (b" text/plain; charset=\"unclosed", BODY), (b" text/plain\x00; x=y", BODY),
        (b" t\xe9xt/pl\xe4in", BODY), (b" text/plain" + protected, BODY),
        (b" text/plain; Protected-Headers=v1", BODY), (b" text/plain; x=\"" + protected[2:] + b"\"", BODY),
        (b" multipart/mixed; boundary=b", mixed), (b" multipart/mixed; boundary=\"b\"" + protected, mixed),
        (b" multipart/mixed", mixed), (b" multipart/mixed; boundary=other", mixed),
        (b" " + multipart, signed % b""), (b" " + multipart, signed % protected),
        (b" " + multipart, b"--b--\r\n"), (b" multipart/signed", signed % b""),
        (b" multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b", mixed),
        (b" application/pkcs7-mime; smime-type=enveloped-data", b"bm90IHJlYWxseQ==\r\n"),
        (b" message/rfc822", b"Subject: inner\r\n\r\nThe inner letter.\r\n"),
        (b" application/octet-stream; x=" + b"y" * 5000, BODY),
    ]
    for number, (value, body) in enumerate(values):
        yield (f"Content-Type {number}: {value[:40]!r}",
               HEAD % number + b"MIME-Version: 1.0\r\nContent-Type:" + value + b"\r\n\r\n" + body)
    twice = b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\n"
    yield "two Content-Types", HEAD % 900 + twice + BODY
    yield "Content-Type with a space before the colon", HEAD % 901 + b"Content-Type : text/plain\r\n\r\n" + BODY


def forged():
    """Senders who pretend to be us or the recipient's friend."""
    recipe = b"Maildircrypt-Recipe: v=1; eol=crlf; cut=0+9; tail=3\r\n"
    provenance = b"Maildircrypt-Provenance: sealed; host=evil; log=1:00\r\n"
    yield "forged recipe first", recipe + HEAD % 1 + b"\r\n" + BODY
    yield "forged recipe and provenance", HEAD % 2 + recipe + provenance + b"\r\n" + BODY
    yield "folded forged provenance", HEAD % 3 + provenance[:-2] + b";\r\n more=1\r\n\r\n" + BODY
    yield "recipe in the body", HEAD % 4 + b"\r\n" + recipe + BODY
    fake = (b"-----BEGIN PGP MESSAGE-----\r\n\r\nVGhpcyBpcyBub3QgZW5jcnlwdGVkIGF0IGFsbA==\r\n=AAAA\r\n"
            b"-----END PGP MESSAGE-----\r\n")
    frame = (b"MIME-Version: 1.0\r\nContent-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";"
             b" boundary=\"b\"\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n"
             b"\r\n--b\r\nContent-Type: application/octet-stream; name=encrypted.asc\r\n\r\n%s\r\n--b--\r\n")
    yield "forged PGP/MIME", HEAD % 5 + frame % fake
    yield "forged PGP/MIME with text behind", HEAD % 6 + frame % fake + b"The trailing plaintext stays.\r\n"
    yield "armour in ordinary text", HEAD % 7 + b"\r\n" + fake


def awkward():
    yield "empty", b""
    yield "one empty line", b"\r\n"
    yield "one line end and a letter", b"\r\nx"
    yield "header only", HEAD % 10
    yield "header and empty line only", HEAD % 11 + b"\r\n"
    yield "header cut in the middle of a field", HEAD % 12 + b"X-Cut: no line en"
    yield "no header", b"\r\n" + BODY
    yield "text instead of a header", b"This is no header at all.\r\n" + BODY
    yield "no final line end", HEAD % 13 + b"\r\n" + BODY + b"the last line has no end"
    yield "From line in front", b"From ada@out.test Mon Jan  5 10:00:00 2026\r\n" + HEAD % 14 + b"\r\n" + BODY
    yield "LF everywhere", (HEAD % 15 + b"\r\n" + BODY).replace(b"\r\n", b"\n")
    yield "bare LF here and there", HEAD % 16 + b"\r\n" + b"one\ntwo\r\nthree\nfour\r\n" * 50
    yield "bare CR here and there", HEAD % 17 + b"\r\n" + b"one\rtwo\r\nthree\r\rfour\r\n" * 50
    yield "CR CR LF", HEAD % 18 + b"\r\n" + b"one\r\r\ntwo\r\r\r\n" * 50
    yield "LF CR", HEAD % 19 + b"\r\n" + b"one\n\rtwo\n\r" * 50 + b"\r\n"
    yield "NUL", HEAD % 20 + b"\r\n" + b"nul \0 in \0\0 text\r\n" * 50
    yield "NUL in the header", HEAD % 21 + b"X-Nul: a\0b\r\n\r\n" + BODY
    yield "every octet", HEAD % 22 + b"\r\n" + bytes(range(256)) * 40 + b"\r\n"
    yield "8 bit body", HEAD % 23 + b"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n" + bytes(
        range(0xA0, 0x100)) * 40 + b"\r\n"
    yield "8 bit header", HEAD % 24 + "X-Umlaut: größer\r\nSubject: größer\r\n\r\n".encode() + BODY
    yield "encoded Subject", b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=\r\n" + BODY[:0] + b"\r\n" + BODY
    yield "folded Subject", b"From: a@out.test\r\nSubject: first\r\n second\r\n\tthird\r\n\r\n" + BODY
    yield "empty fields", b"From:\r\nSubject:\r\nTo: \r\nX-Empty:\r\n\r\n" + BODY
    yield "spaces before colons", b"From : a@out.test\r\nSubject\t: spaced\r\n\r\n" + BODY
    yield "no space behind colons", b"From:a@out.test\r\nSubject:tight\r\nX-A:b\r\n\r\n" + BODY
    yield "many spaces behind colons", b"From:    a@out.test\r\nSubject:\t \t wide\r\n\r\n" + BODY
    yield "duplicates", b"Subject: one\r\nSubject: two\r\nFrom: a@x.test\r\nFrom: b@x.test\r\n\r\n" + BODY
    yield "line of spaces in the header", b"Subject: x\r\n   \r\nX-A: b\r\n\r\n" + BODY
    yield "field name of controls", b"Subject: x\r\nX\x01Y: z\r\n\r\n" + BODY
    yield "header of one enormous field", HEAD % 25 + b"X-Big: " + b"v" * (1 << 20) + b"\r\n\r\n" + BODY
    fields = b"".join(b"X-Field-%05d: %s\r\n" % (i, b"value " * 15) for i in range(9800))
    yield "header of 1 MiB in fields", HEAD % 26 + fields + b"\r\n" + BODY
    folded = b"X-Folded:" + b" piece of a folded field\r\n" * 4000
    yield "enormous folded field", HEAD % 27 + folded + b"\r\n" + BODY
    yield "line of 100,000 octets", HEAD % 28 + b"\r\n" + b"0123456789" * 10000 + b"\r\n"
    yield "many empty lines", HEAD % 29 + b"\r\n" + b"\r\n" * 5000
    yield "body of 1 MiB", HEAD % 30 + b"\r\n" + b"".join(b"line %07d of the body\r\n" % i for i in range(43000))
    for size in (511, 512, 513, 8190, 8191, 8192, 8193, 65534, 65535, 65536, 131071):
        line = b"x" * 70 + b"\r\n"
        text = HEAD % (100 + size) + b"\r\n"
        yield f"message of {size} octets", text + (line * (size // 72 + 1))[:size - len(text) - 2] + b"\r\n"


def made(seed):
    """A message that somebody might write, drawn from a seed."""
    draw = random.Random(seed)
    words = ["invoice", "meeting", "grüße", "東京", "holiday", "password", "tomorrow", "ça va", "report"]
    text = "\r\n".join(" ".join(draw.choices(words, k=draw.randint(0, 14))) for _ in range(draw.randint(1, 60)))
    head = HEAD % (10000 + seed)
    for number in range(draw.randint(0, 6)):
        value = " ".join(draw.choices(words[:2] + words[4:6], k=draw.randint(0, 20)))
        head += f"X-Made-{number}: {value}".encode() + draw.choice([b"", b"\r\n folded", b" "]) + b"\r\n"
    blob = base64.encodebytes(draw.randbytes(draw.randint(1, 30000))).replace(b"\n", b"\r\n")
    kind = draw.randint(0, 3)
    if kind == 0:
        return head + b"\r\n" + text.encode() + b"\r\n"
    if kind == 1:
        return head + b"MIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>" + text.encode() + b"\r\n"
    boundary = b"=_%x" % draw.getrandbits(64)
    return (head + b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed;\r\n boundary=\"" + boundary
            + b"\"\r\n\r\n--" + boundary + b"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode()
            + b"\r\n--" + boundary + b"\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + blob + b"--" + boundary + b"--\r\n")


def everything():
    """All of the above, and as many made ones as it takes to be AT_LEAST."""
    messages = [*awkward(), *content_types(), *forged(), *corpus()]
    while len(messages) < AT_LEAST + 20:
        messages.append((f"made {len(messages)}", made(len(messages))))
    return messages


def enormous(octets=100_000_000):
    """A message with a body of this size whose lines are all different."""
    line = b"plaintext line %09d of a very large body\r\n"
    count = octets // len(line % 0)
    return HEAD % 31 + b"\r\n" + b"".join(line % i for i in range(count))


def encrypted_by_the_sender():
    """How many messages of the corpus are really S/MIME enveloped data: these need no sealing."""
    return sum("smime" in name and b"enveloped-data" in octets for name, octets in corpus())
