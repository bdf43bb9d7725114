"""Looks at the files that a student hands in with assignment a5: that they are there, and fit together.

They lie in docs/course/hand-in/a5: before.md, and for each task that the ID draws a folder of its name with what
`./run sweep --search-lr` wrote: sweep.csv, cells.jsonl, run.json, and the runs of its search, search-cells.jsonl.
"""

import csv
import io
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = "docs/course/hand-in/a5"
FILES = ("sweep.csv", "cells.jsonl", "run.json", "search-cells.jsonl")
MOST_BYTES = 4 << 20
SEEDS = [1, 2, 3, 4, 5]
FIRST_RATES = 8  # that a search tries in any case
STEPS = {"nli": 800, "reorder": 1000, "sqlgen": 500}  # TaskInfo of data/
BASE_STEPS = 8000
# The columns of ./run sweep: first_columns() in experiments/evidence/score_table.cpp, then what was measured, and what
# cells got later.
COLUMNS = ("task facts base_seed seed method size targets rank alpha scaling dropout optimizer lr steps examples trainable "
           "metric value nll").split()
LATER = "blocks init init_seed data_seed base width depth base_steps lr_ratio labels rounding".split()
MAY_DIFFER = ("seed", "lr", "trainable", "value", "nll", "train_nll")
UNREADABLE = (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError, csv.Error)


class Unreadable(Exception):
    """A file is not there, or is no such file."""


@dataclass
class Statement:
    """What the constants of an ID say: base_seed, tasks and the statement."""

    base_seed: int
    tasks: list
    field: str  # a column: lr_ratio
    values: list


def statement(drawn):
    field, _, values = drawn["statement"].partition(":")[0].partition("=")
    return Statement(drawn["base_seed"], drawn["tasks"].split(","), field.replace("-", "_"),
                     [value.replace("+", ",") for value in values.split(",")])  # a set of matrices, as in a table


def plain(value):
    """A number as a number, so that 2 is 2.0, and anything else as text."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def score(value):
    """A score, NaN where the run diverged: that is an empty field in a table and "nan" in JSON."""
    return math.nan if value in ("", "nan") else float(value)


def same(a, b):
    return a == b or (a != a and b != b)


@dataclass
class Sweep:
    """The files of one task."""

    task: str
    runs: list  # of sweep.csv, by column
    cells: list  # of cells.jsonl
    card: dict  # run.json
    searched: list  # of search-cells.jsonl

    def rows(self, field):
        """{value of the field: its runs}."""
        found = {}
        for run in self.runs:
            found.setdefault(plain(run[field]), []).append(run)
        return found


def read_text(path, named):
    if path.is_symlink() or not path.is_file():
        raise Unreadable(f"{named} is missing")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Unreadable(f"{named} has more than {MOST_BYTES >> 20} MB")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise Unreadable(f"{named} cannot be read as text") from None


def _objects(text):
    listed = [json.loads(line) for line in text.splitlines() if line.strip()]
    if not listed or not all(isinstance(entry, dict) for entry in listed):
        raise ValueError
    return listed


def load(tree, task):
    """The sweep of a task; raises Unreadable."""
    texts = {name: read_text(Path(tree) / FOLDER / task / name, f"{FOLDER}/{task}/{name}") for name in FILES}
    readers = {"sweep.csv": lambda text: list(csv.DictReader(io.StringIO(text))), "cells.jsonl": _objects,
               "run.json": json.loads, "search-cells.jsonl": _objects}
    read = []
    for name, text in texts.items():
        try:
            read.append(readers[name](text))
            if not read[-1]:
                raise ValueError
        except UNREADABLE:
            raise Unreadable(f"{FOLDER}/{task}/{name} cannot be read, or is empty") from None
    return Sweep(task, *read)


def is_asked_for(run, task, want):
    """Whether a run of a table has the constants of the ID."""
    return (run["task"] == task and run["base_seed"] == str(want.base_seed)
            and plain(run[want.field]) in map(plain, want.values))


# ---- the checks: each gives a line for every fault, and counts as much as the others ----


def has_all_columns(sweep, want):
    missing = [name for name in [*COLUMNS, *LATER] if name not in sweep.runs[0]]
    if missing:
        yield f"sweep.csv has no column {', '.join(missing)}"
    if any(None in run or None in run.values() for run in sweep.runs):
        yield "sweep.csv has lines with other numbers of fields than its first"


def has_the_constants(sweep, want):
    for name, wanted in (("task", sweep.task), ("base_seed", want.base_seed)):
        for value in sorted({run[name] for run in sweep.runs} - {str(wanted)}):
            yield f"sweep.csv has {name} {value[:40]}, and yours is {wanted}"
    there, wanted = set(sweep.rows(want.field)), set(map(plain, want.values))
    for value in sorted(map(str, wanted - there)):
        yield f"sweep.csv has no run with {want.field} {value}"
    for value in sorted(map(str, there - wanted)):
        yield f"sweep.csv has runs with {want.field} {value[:40]}, which is none of your values"


def has_all_seeds(sweep, want):
    for value, runs in sweep.rows(want.field).items():
        seeds = sorted(int(run["seed"]) for run in runs)
        if len(set(seeds)) < len(seeds):
            yield f"{want.field} {value}: a run is there twice, seeds {seeds[:20]}"
        elif seeds != SEEDS:
            yield f"{want.field} {value} has the seeds {seeds[:20]}, and every row has {SEEDS}"


def differs_in_nothing_else(sweep, want):
    for name in COLUMNS + LATER:
        values = {run[name] for run in sweep.runs}
        if name not in (*MAY_DIFFER, want.field) and len(values) > 1:
            yield f"{name} differs between runs: {', '.join(sorted(value[:20] for value in values)[:3])}"
    steps = sweep.card["configuration"]["base"]["steps"]
    if steps != BASE_STEPS:
        yield f"the base was trained for {str(steps)[:20]} steps by run.json, and is for {BASE_STEPS}"
    usual = {"method": "lora", "steps": str(STEPS[sweep.task]), "base_steps": "0", "width": "64", "depth": "2"}
    for name, wanted in usual.items():
        if {run[name] for run in sweep.runs} != {wanted}:
            yield f"{name} is not as `./run sweep` has it ({wanted if name != 'base_steps' else 'left out'})"


def _key(of, want):
    return plain(of.get(want.field, 1 if want.field == "lr_ratio" else None)), int(of["seed"]), float(of["lr"])


def table_is_of_the_cells(sweep, want):
    cells = {_key(cell, want): cell for cell in sweep.cells}
    for run in sweep.runs:
        cell = cells.get(_key(run, want))
        if cell is None:
            yield f"the run {want.field} {run[want.field]}, seed {run['seed']} is not in cells.jsonl"
        elif not all(same(score(run[name]), score(cell[name])) for name in ("value", "nll")):
            yield f"the run {want.field} {run[want.field]}, seed {run['seed']} has another score in cells.jsonl"


def _search(sweep, want):
    """{row: {rate: {seed: points}}} of the search."""
    found = {}
    for cell in sweep.searched:
        if cell["task"] == sweep.task and cell["base_seed"] == want.base_seed:
            value, seed, lr = _key(cell, want)
            diverged = math.isnan(score(cell.get("more", {}).get("train_nll", 0)))
            found.setdefault(value, {}).setdefault(lr, {})[seed] = math.nan if diverged else 100 * score(cell["value"])
    return found


def searched_rate(rates):
    """The rate that the library chooses of {rate: {seed: points}}: that of the best mean, or the one below it where a
    seed of the best has collapsed (experiments/harness/lr_search.h). None where every rate has a run that diverged."""
    means = {lr: sum(by_seed.values()) / len(by_seed) for lr, by_seed in sorted(rates.items())}
    finite = [lr for lr, mean in means.items() if not math.isnan(mean)]
    if not finite:
        return None
    best = max(finite, key=lambda lr: (means[lr], -lr))
    below = [lr for lr in means if lr < best]
    return below[-1] if below and min(rates[best].values()) < means[best] - 25 else best


def rates_are_searched(sweep, want):
    searches = _search(sweep, want)
    for value, runs in sweep.rows(want.field).items():
        used = sorted({float(run["lr"]) for run in runs})
        if len(used) != 1:
            yield f"{want.field} {value} was run with the rates {', '.join(f'{lr:g}' for lr in used[:5])}"
        elif value not in searches:
            yield f"{want.field} {value} has no runs in search-cells.jsonl"
        elif (wanted := searched_rate(searches[value])) != used[0]:
            yield f"{want.field} {value} was run with the rate {used[0]:g}, and its search says {wanted}"


def budgets_are_equal(sweep, want):
    searches = _search(sweep, want)
    missing = [value for value in map(plain, want.values) if value not in searches]
    if missing:
        yield f"no search of {want.field} {', '.join(map(str, missing))}"
        return
    common = set.intersection(*(set(rates) for rates in searches.values()))
    if len(common) < FIRST_RATES:
        yield f"the searches of all rows have {len(common)} rates in common, and begin with {FIRST_RATES}"
    seeds = {tuple(sorted(by_seed)) for rates in searches.values() for by_seed in rates.values()}
    if len(seeds) != 1 or len(next(iter(seeds))) < 3:
        yield "the rates of the searches have not all the same three seeds"
    elif set(next(iter(seeds))) & set(SEEDS):
        yield "a search has used a seed of the runs"


CHECKS = (has_all_columns, has_the_constants, has_all_seeds, differs_in_nothing_else, table_is_of_the_cells,
          rates_are_searched, budgets_are_equal)


def _of_task(tree, task, want):
    """The faults of each check: that the files are there, and CHECKS."""
    try:
        sweep = load(tree, task)
    except Unreadable as error:
        return [[str(error)]] + [None] * len(CHECKS)
    found = [[]]
    for check in CHECKS:
        try:
            found.append([f"{FOLDER}/{task}: {line}" for line in check(sweep, want)])
        except UNREADABLE:
            found.append([f"{FOLDER}/{task}: a field is missing or is no number ({check.__name__.replace('_', ' ')})"])
        if check is has_all_columns and found[-1]:
            return found + [None] * (1 + len(CHECKS) - len(found))
    return found


def before(tree):
    try:
        text = read_text(Path(tree) / FOLDER / "before.md", f"{FOLDER}/before.md")
    except Unreadable as error:
        return [str(error)]
    return [] if len(re.findall(r"\w+", text)) >= 20 else [f"{FOLDER}/before.md says less than twenty words"]


def look(tree, points, drawn):
    """The points, by the share of checks that hold, and the faults in lines. What cannot be checked does not hold."""
    want = statement(drawn)
    found = [before(tree)]
    for task in want.tasks:
        found += _of_task(tree, task, want)
    held = sum(faults == [] for faults in found)
    return round(points * held / len(found), 2), [line for faults in found if faults for line in faults]
