"""A strict reader of Prometheus' text format 0.0.4: takes nothing that a scraper might read otherwise."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SAMPLE = re.compile(rf'({NAME})(?:\{{([a-zA-Z_][a-zA-Z0-9_]*)="([^"\\\n]*)"\}})? (\S+)')
TYPES = {"counter", "gauge", "histogram"}


def parse(text):
    """{(name, label's value or None): number}; ValueError says which line is wrong."""
    if not text.endswith("\n") or "\r" in text:
        raise ValueError("lines end with LF, the last one too")
    samples, families, family, kind = {}, set(), None, None
    lines = text[:-1].split("\n")
    for number, line in enumerate(lines):
        if line.startswith("# HELP "):
            found = re.fullmatch(rf"# HELP ({NAME}) \S.*", line)
            family = found and found[1]
            if not family or family in families:
                raise ValueError(f"bad or repeated: {line}")
            families.add(family)
            found = re.fullmatch(rf"# TYPE {family} (\w+)", lines[number + 1])
            kind = found and found[1]
            if kind not in TYPES:
                raise ValueError(f"no type: {lines[number + 1]}")
            if (kind == "counter") != family.endswith("_total"):
                raise ValueError(f"{kind} named {family}")
        elif not line.startswith("# TYPE "):
            name, word, value = read_sample(line, family, kind)
            if (name, word) in samples:
                raise ValueError(f"twice: {line}")
            samples[name, word] = value
    for name in families:
        check_histogram(name, samples)
    return samples


def read_sample(line, family, kind):
    found = SAMPLE.fullmatch(line)
    if not found:
        raise ValueError(f"no sample: {line}")
    name, label, word, value = found.groups()
    suffixes = ("_bucket", "_sum", "_count") if kind == "histogram" else ("",)
    if name not in [family + suffix for suffix in suffixes]:
        raise ValueError(f"{name} stands in the family {family}")
    if (label == "le") != name.endswith("_bucket"):
        raise ValueError(f"label: {line}")
    if float(value) < 0:
        raise ValueError(f"negative: {line}")
    return name, word, float(value)


def check_histogram(name, samples):
    buckets = [(float(word), value) for (key, word), value in samples.items()
               if key == f"{name}_bucket"]
    if not buckets:
        return
    if buckets != sorted(buckets) or [v for _, v in buckets] != sorted(v for _, v in buckets):
        raise ValueError(f"{name}: buckets do not grow")
    if buckets[-1] != (float("inf"), samples[f"{name}_count", None]):
        raise ValueError(f"{name}: +Inf is not the count")
    if (f"{name}_sum", None) not in samples:
        raise ValueError(f"{name}: no sum")
