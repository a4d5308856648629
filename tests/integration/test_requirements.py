"""The tables of tests/requirements: every row is whole, in order, and names tests that are
there."""

import re

import pytest

from harness import ROOT

TABLES = sorted((ROOT / "tests/requirements").glob("*.txt"))
LEVELS = {"MUST", "MUST NOT", "SHOULD", "SHOULD NOT", "REQUIRED", "RECOMMENDED", "MAY",
          "NOT RECOMMENDED", "SHALL", "SHALL NOT"}
SECTION = re.compile(r"\d+(\.\d+)*|[A-Z](\.\d+)*")
PYTHON = re.compile(r"tests/integration/(test_\w+\.py)::(test_\w+)")
CHECK = re.compile(r"tests/unit/\w+/(test_\w+\.c)::(\w+)")


def place(section):
    """Sorts 9 before 10, and appendices last."""
    return [(part.isalpha(), int(part) if part.isdigit() else ord(part))
            for part in section.split(".")]


def has_test(name):
    """Whether there is such a function, and in C whether a suite runs it."""
    python, check = PYTHON.fullmatch(name), CHECK.fullmatch(name)
    path = ROOT / name.partition("::")[0]
    if not (python or check) or not path.is_file():
        return False
    text = path.read_text()
    if python:
        return re.search(rf"^def {python[2]}\(", text, re.M) is not None
    return (f"START_TEST({check[2]})" in text
            and re.search(rf"UNIT_\w+\({check[2]}\b", text) is not None)


def wrong_tests(text):
    if text.startswith("n/a"):
        return [] if re.match(r"n/a: \S.{5}", text) else ["no reason for n/a"]
    return [f"no test {name}" for name in re.split(r",\s*", text) if not has_test(name)]


def mistakes(table):
    """What is wrong in the text of a table."""
    found, seen, last = [], set(), []
    for number, line in enumerate(table.splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        columns = line.split("\t")
        if len(columns) != 4 or any(column != column.strip() or not column for column in columns):
            found.append(f"{number}: not four columns")
            continue
        section, level, requirement, test = columns
        wrong = wrong_tests(test)
        if not SECTION.fullmatch(section):
            found.append(f"{number}: no section {section}")
            continue
        if level not in LEVELS:
            wrong.append(f"no level {level}")
        if (section, requirement) in seen:
            wrong.append("a row that was there before")
        if place(section) < last:
            wrong.append(f"section {section} after a later one")
        seen.add((section, requirement))
        last = place(section)
        found += [f"{number}: {what}" for what in wrong]
    return found


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_table_is_whole(path):
    text = path.read_text()
    assert not mistakes(text)
    assert text.startswith("#") and len(text.splitlines()) > 10


def test_the_tables_are_there():
    assert {"rfc9112", "rfc3986"} <= {path.stem for path in TABLES}


GOOD = "tests/integration/test_requirements.py::test_the_tables_are_there"
C_GOOD = "tests/unit/server/test_http_framing.c::refuses_the_rest"
BROKEN = {
    "2.1\tMUST\tdo": "not four columns",
    f"2.1\tMUST\tdo\t{GOOD}\tmore": "not four columns",
    f"2.1\tMUST\t\t{GOOD}": "not four columns",
    f"2.1 MUST do {GOOD}": "not four columns",
    f"2.1\tMUST \tdo\t{GOOD}": "not four columns",
    f"2.x\tMUST\tdo\t{GOOD}": "no section 2.x",
    f"2.1\tCAN\tdo\t{GOOD}": "no level CAN",
    f"2.1\tmust\tdo\t{GOOD}": "no level must",
    f"2.1\tMUST\tdo\t{GOOD}\n2.1\tMUST\tdo\t{GOOD}": "a row that was there before",
    f"10\tMUST\tdo\t{GOOD}\n9.9\tMUST\tdo\t{GOOD}": "section 9.9 after a later one",
    "2.1\tMUST\tdo\tn/a": "no reason",
    "2.1\tMUST\tdo\tn/a:": "no reason",
    "2.1\tMUST\tdo\tn/a: -": "no reason",
    f"2.1\tMUST\tdo\t{GOOD}s": "no test",
    f"2.1\tMUST\tdo\t{GOOD}, {GOOD}s": "no test",
    "2.1\tMUST\tdo\ttests/integration/test_none.py::test_x": "no test",
    f"2.1\tMUST\tdo\t{C_GOOD}s": "no test",
    "2.1\tMUST\tdo\ttests/unit/server/test_http_framing.c::frame": "no test",
    "2.1\tMUST\tdo\tREADME.md": "no test",
}


@pytest.mark.parametrize("rows", BROKEN)
def test_a_broken_row_is_found(rows):
    found = mistakes(rows)
    assert len(found) == 1 and BROKEN[rows] in found[0]


def test_a_good_row_passes():
    assert not mistakes(f"# why\n\n2.1\tMUST\tdo\t{GOOD}, {C_GOOD}\n"
                        f"10\tSHOULD NOT\tdo\tn/a: a reason\nA.1\tMUST\tdo\t{GOOD}\n")
