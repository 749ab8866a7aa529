"""What the benchmarks print is judged here: rows against their bounds, and against an earlier run."""

TOLERANCE = 0.1  # of a ratio, between two runs


def value_of(row):
    return row["ratio"] if "ratio" in row else row["megabytes"]


def is_reached(row):
    if "at_least" in row:
        return value_of(row) >= row["at_least"]
    return value_of(row) <= row["at_most"]


def got_worse(row, before):
    """Whether a row fell (or rose, where less is better) by more than a tenth of what it was."""
    if "at_least" in row:
        return value_of(row) < value_of(before) * (1 - TOLERANCE)
    return value_of(row) > value_of(before) * (1 + TOLERANCE)


def find_regressions(rows, reference):
    """[(row, the same row of `reference`)] of those that got worse. Rows are known by their names; a row that
    one side lacks is no regression."""
    before = {row["row"]: row for row in reference}
    return [(row, before[row["row"]]) for row in rows
            if row["row"] in before and got_worse(row, before[row["row"]])]


def verdict(row, regressions):
    words = [] if is_reached(row) else ["MISSED"]
    for worse, before in regressions:
        if worse is row:
            words.append(f"WORSE THAN {value_of(before):.3g}")
    return "   <-- " + ", ".join(words) if words else ""


def show_row(row, regressions=()):
    bound = (f"at least {row['at_least']:g}" if "at_least" in row else f"at most {row['at_most']:g}")
    unit = "MB" if "megabytes" in row else "x "
    return f"{row['row']:92} {value_of(row):8.3g} {unit} {bound:14}{verdict(row, regressions)}"


def show_measurement(line):
    numbers = ", ".join(f"{value:.3g} {key.replace('_', ' ')}" if isinstance(value, float)
                        else f"{value} {key.replace('_', ' ')}"
                        for key, value in line.items() if key != "name")
    return f"{line['name']:60} {numbers}"
