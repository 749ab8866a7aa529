"""OpenPGP packets, as far as tests take them apart."""

import base64
import itertools


def dearmour(armour):
    """The octets inside; the checksum is not looked at."""
    lines = armour.decode("ascii").replace("\r\n", "\n").split("\n")
    body = lines[lines.index("") + 1:]
    text = "".join(line for line in body if line and line[0] not in "=-")
    return base64.b64decode(text, validate=True)


def packets(octets):
    """(tag, body) of each; definite lengths only, as gpg exports keys."""
    at = 0
    while at < len(octets):
        head = octets[at]
        if head & 0x40:  # new format
            tag, first = head & 0x3F, octets[at + 1]
            if first < 192:
                length, at = first, at + 2
            elif first < 224:
                length, at = ((first - 192) << 8) + octets[at + 2] + 192, at + 3
            else:
                length, at = int.from_bytes(octets[at + 2:at + 6], "big"), at + 6
        else:
            tag, size = head >> 2 & 15, 1 << (head & 3)
            length, at = int.from_bytes(octets[at + 1:at + 1 + size], "big"), at + 1 + size
        yield tag, octets[at:at + length]
        at += length


def encryption_packet(certificate):
    """The body of the subkey's packet of a certificate with one subkey."""
    subkeys = [body for tag, body in packets(dearmour(certificate)) if tag == 14]
    if len(subkeys) != 1:
        raise AssertionError(f"{len(subkeys)} subkeys")
    return subkeys[0]


def sealed_to(armour):
    """The key ids that its session keys are encrypted to: what stands in front of the data."""
    keys = itertools.takewhile(lambda packet: packet[0] == 1, packets(dearmour(armour)))
    return [body[1:9].hex().upper() for _, body in keys]
