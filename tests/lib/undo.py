"""Undoes what seal/FORMAT describes. Written from that page alone, as a check of page and program.

    undo.py < PAYLOAD > ORIGINAL      PAYLOAD is what gpg decrypted
"""

import base64
import re
import sys

RECIPE = re.compile(rb"Maildircrypt-Recipe: v=1; eol=(lf|crlf);"
                    rb" cut=(0|[1-9][0-9]*)\+(0|[1-9][0-9]*); tail=(0|[1-9][0-9]*)\r\n")
PARAMETER = b'; protected-headers="v1"'
COPIED = re.compile(rb"(?:[ \t]|(?:From|To|Cc|Date|Subject|Message-ID)[ \t]*:)[^\r\n\0]*", re.IGNORECASE)
OWN_LINES = re.compile(rb"MIME-Version: 1\.0\r\n"
                       rb'Content-Type: multipart/mixed; boundary="(=_[0-9a-f]{32})";'
                       rb' protected-headers="v1"\r\n'
                       rb"\r\n"
                       rb"--\1\r\n\Z")


class Refused(Exception):
    """Not a sealed message of ours, or somebody altered it."""


# ---- section 3: from the payload to the original ----------------------------------------------------


def undo(payload):
    recipe = RECIPE.match(payload)
    if not recipe:
        raise Refused("the first line is not a recipe")
    eol = recipe.group(1)
    offset, length, tail = (int(number) for number in recipe.groups()[1:])
    text = payload[recipe.end():]
    if offset + length + tail > len(text):
        raise Refused("the recipe takes away more than there is")
    cut_text = text[offset:offset + length]
    tail_text = text[len(text) - tail:]
    if not may_be_taken_away(offset, cut_text, tail_text):
        raise Refused("the recipe takes away what is not ours")
    original = text[:offset] + text[offset + length:len(text) - tail]
    return original if eol == b"crlf" else take_carriage_returns(original)


def may_be_taken_away(offset, cut, tail):
    if cut == b"":
        return offset == 0 and tail == b""
    if cut == PARAMETER:
        return tail == b""
    return offset == 0 and is_wrap(cut, tail)


def is_wrap(head, tail):
    own = OWN_LINES.search(head)
    if not own:
        return False
    copies = head[:own.start()].split(b"\r\n")
    if copies.pop() != b"" or not all(COPIED.fullmatch(line) for line in copies):
        return False
    return tail == b"\r\n--" + own.group(1) + b"--\r\n"


def take_carriage_returns(text):
    if text.count(b"\n") != text.count(b"\r\n"):
        raise Refused("eol=lf, and an LF has no CR before it")
    return text.replace(b"\r\n", b"\n")


def form_of(payload):
    """(eol, form) as section 2 names them, for tests that want every form to be met."""
    eol, offset, length, tail = RECIPE.match(payload).groups()
    form = "none" if length == b"0" else "wrap" if tail != b"0" else "parameter"
    return eol.decode(), form


# ---- section 1: from the stored message to the armour ------------------------------------------------


class Sealed:
    """A stored sealed message taken apart, every octet of its frame accounted for."""

    def __init__(self, header, boundary, armour, frame):
        self.header = header      # list of fields, whole, with their line ends
        self.boundary = boundary
        self.armour = armour
        self.frame = frame        # all of the body that is not the armour

    def field(self, name):
        """The values of all fields of this name, unfolded."""
        prefix = name.lower().encode() + b":"
        return [re.sub(rb"\r?\n[ \t]+", b" ", field.split(b":", 1)[1]).strip()
                for field in self.header if field.lower().startswith(prefix)]


def split_fields(header):
    """A header block (each line with its line end) as a list of whole fields."""
    fields = []
    for line in header.splitlines(keepends=True) if b"\r\n" not in header \
            else re.findall(rb".*?\r\n", header, re.DOTALL):
        if line[:1] in b" \t" and fields:
            fields[-1] += line
        else:
            fields.append(line)
    return fields


def take_apart(message):
    """Refuses everything but the exact structure of section 1."""
    eol = b"\r\n" if b"\r\n" in message else b"\n"
    head, separator, body = message.partition(eol + eol)
    if not separator:
        raise Refused("no empty line")
    header = split_fields(head + eol)
    sealed = Sealed(header, None, None, None)
    types = sealed.field("Content-Type")
    if len(types) != 1 or sealed.field("MIME-Version") != [b"1.0"]:
        raise Refused("not one Content-Type and MIME-Version")
    kind = re.fullmatch(rb'multipart/encrypted; *protocol="application/pgp-encrypted";'
                        rb' *boundary="([^"]{1,70})"', types[0])
    if not kind:
        raise Refused(f"Content-Type is {types[0]!r}")
    boundary = kind.group(1)
    if b"=_" not in boundary:
        raise Refused("the boundary could stand in base64")
    check_provenance(sealed)
    parts = body.split(b"--" + boundary)
    if len(parts) != 4 or parts[3].strip(b"\r\n-") != b"" or not parts[3].startswith(b"--" + eol):
        raise Refused("not exactly two parts")
    check_control_part(parts[1], eol)
    armour = encrypted_part(parts[2], eol)
    check_lines(body, eol)
    frame = body.replace(armour, b"", 1)
    return Sealed(header, boundary, armour, frame)


def check_provenance(sealed):
    values = sealed.field("Maildircrypt-Provenance")
    if len(values) != 1:
        raise Refused(f"{len(values)} provenance fields")
    if not re.fullmatch(rb"sealed; host=[A-Za-z0-9._-]+; log=[0-9]+:[0-9a-f]*"
                        rb"(; keys=[0-9A-F]{40}(, ?[0-9A-F]{40})*)?", values[0]):
        raise Refused(f"provenance is {values[0]!r}")


def check_control_part(part, eol):
    header, _, content = part.partition(eol + eol)
    if b"application/pgp-encrypted" not in header or content.strip() != b"Version: 1":
        raise Refused("the first part is not RFC 3156's")


def encrypted_part(part, eol):
    header, _, content = part.partition(eol + eol)
    if b"application/octet-stream" not in header or b"encrypted.asc" not in header:
        raise Refused("the second part is not RFC 3156's")
    armour = content.strip()
    if not (armour.startswith(b"-----BEGIN PGP MESSAGE-----" + eol)
            and armour.endswith(b"-----END PGP MESSAGE-----")):
        raise Refused("no armour, or something beside it")
    return armour


def check_lines(body, eol):
    if max(body) > 126:
        raise Refused("not 7 bit")
    lines = body.split(eol)
    if any(b"\n" in line or b"\r" in line for line in lines):
        raise Refused("mixed line ends")
    if max(map(len, lines)) > 76:
        raise Refused("a line of more than 76")


# ---- RFC 4880: what the armour holds ---------------------------------------------------------------


def dearmour(armour):
    lines = armour.replace(b"\r\n", b"\n").split(b"\n")
    if lines[1] != b"":
        raise Refused("armour with header lines")
    checksum = lines[-2]
    if not checksum.startswith(b"=") or len(checksum) != 5:
        raise Refused("no CRC24")
    data = base64.b64decode(b"".join(lines[2:-2]), validate=True)
    if len(data) < 1 << 21 and crc24(data) != int.from_bytes(base64.b64decode(checksum[1:]), "big"):
        raise Refused("wrong CRC24")  # only checked below 2 MiB: Python takes its time, gpg checks all
    return data


def crc24(data):
    crc = 0xB704CE
    for octet in data:
        crc ^= octet << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= 0x1864CFB
    return crc


def packets(data):
    """[(tag, first octet of the body)] of new-format packets, partial lengths joined."""
    found, at = [], 0
    while at < len(data):
        head = data[at]
        if head & 0xC0 != 0xC0:
            raise Refused("not a new-format packet")
        first, at, more = None, at + 1, True
        while more:
            length, at, more = packet_length(data, at)
            first = data[at] if first is None else first
            at += length
        if at > len(data):
            raise Refused("a packet is cut off")
        found.append((head & 0x3F, first))
    return found


def packet_length(data, at):
    """(length, where the body goes on, whether more pieces follow), RFC 4880 §4.2.2."""
    octet = data[at]
    if octet < 192:
        return octet, at + 1, False
    if octet < 224:
        return ((octet - 192) << 8) + data[at + 1] + 192, at + 2, False
    if octet == 255:
        return int.from_bytes(data[at + 1:at + 5], "big"), at + 5, False
    return 1 << (octet & 0x1F), at + 1, True


def check_packets(armour, recipients=1):
    """v3 PKESK for each recipient, then one v1 SEIPD, and nothing else."""
    if packets(dearmour(armour)) != [(1, 3)] * recipients + [(18, 1)]:
        raise Refused("not v3 PKESK and v1 SEIPD")


if __name__ == "__main__":
    sys.stdout.buffer.write(undo(sys.stdin.buffer.read()))
