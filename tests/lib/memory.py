"""All that a process has in its memory."""

import pathlib
import re


def read_memory(pid):
    """All readable and writable memory of a process."""
    pieces = []
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps.splitlines():
            span, rights = re.match(r"([0-9a-f]+-[0-9a-f]+) (\S+)", line).groups()
            start, end = (int(number, 16) for number in span.split("-"))
            if not rights.startswith("rw") or start >= 1 << 47:
                continue
            memory.seek(start)
            try:
                pieces.append(memory.read(end - start))
            except OSError:
                continue  # a guard page or device memory
    return b"\n".join(pieces)
