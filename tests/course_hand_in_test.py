#!/usr/bin/env python3
"""What the course does with the files of assignment a5: a right sweep has all points, and each fault costs its own; a run
that is made again must come out as it was handed in. The program that makes it here is a few lines of Python."""

import csv
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True

from course_test import ROOT, expect, failures, questions

import hand_in  # in docs/course, which course_test has put on the path
from rerun import NotMarked, Rerun

CHECKS = 1 + 2 * (1 + len(hand_in.CHECKS))  # of two tasks
DRAWN = {"base_seed": 160, "tasks": "nli,sqlgen", "statement": "targets=q+v,q+k+v+o,up+down: q+v is not worse than up+down"}
MACHINE = {"commit": "1", "compiler": "GNU 12.2.0", "flags": "-O3 -fopenmp",
           "cpu": re.findall(r"^model name\s*: (.*)$|\Z", Path("/proc/cpuinfo").read_text(), re.MULTILINE)[0] or "unknown"}
CARD = {"configuration": {"base": {"steps": hand_in.BASE_STEPS}}, "runs": [MACHINE]}


def score(task, value, seed, lr):
    """What the made-up program measures: best at the rate 0.02."""
    return (600 + len(f"{task}{value}") + 7 * seed % 11 - abs(round(lr / 0.02) - 1)) / 1000


def cell(task, want, value, seed, lr, experiment):
    """A line of cells.jsonl."""
    made = {"experiment": experiment, "task": task, "method": "lora", "size": 0, "targets": ["q", "v"], "rank": 4,
            "alpha": 8.0, "scaling": "alpha/r", "init": "gaussian", "dropout": 0.0, "optimizer": "adamw", "seed": seed,
            "base_seed": want.base_seed, "base": "pretrained", "width": 64, "facts": 20 if task == "sqlgen" else 0, "lr": lr,
            "metric": "accuracy", "value": score(task, value, seed, lr), "nll": 1.5, "trainable": 2048,
            "steps": hand_in.STEPS[task], "examples": 250, "seconds": 1.0, "more": {"train_nll": 0.25}}
    if want.field == "targets":
        made["targets"] = value.split(",")
    elif want.field != "lr_ratio" or float(value) != 1:
        made[want.field] = int(value) if want.field in ("rank", "examples") else float(value)
    return made


def line(made):
    """The same as a line of sweep.csv."""
    later = {"blocks": "", "init": "gaussian", "init_seed": "0", "data_seed": "0", "base": "pretrained", "width": "64",
             "depth": "2", "base_steps": "0", "lr_ratio": "1", "labels": "true", "rounding": "usual"}
    text = lambda x: ",".join(x) if isinstance(x, list) else repr(x).removesuffix(".0") if isinstance(x, float) else str(x)  # noqa: E731,E501
    return {name: text(made[name]) if name in made else later[name] for name in hand_in.COLUMNS + hand_in.LATER} | {
        "train_nll": text(made["more"]["train_nll"])}


def write(tree, drawn):
    """A right hand-in with these constants, as two sweeps of the library would leave it."""
    want = hand_in.statement(drawn)
    for task in want.tasks:
        folder = tree / hand_in.FOLDER / task
        folder.mkdir(parents=True)
        cells = [cell(task, want, value, seed, 0.02, f"a5-{task}") for value in want.values for seed in hand_in.SEEDS]
        searched = [cell(task, want, value, seed, 0.0025 * 2 ** i, "search") for value in want.values
                    for i in range(8) for seed in (101, 102, 103)]
        for name, listed in (("cells.jsonl", cells), ("search-cells.jsonl", searched)):
            (folder / name).write_text("".join(json.dumps(made) + "\n" for made in listed))
        (folder / "run.json").write_text(json.dumps(CARD))
        write_table(folder, [line(made) for made in cells])
    (tree / hand_in.FOLDER / "before.md").write_text("I expect that it holds on both tasks, since " + "two matrices " * 10)


def write_table(folder, runs):
    with (folder / "sweep.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(runs[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(runs)


def change_table(folder, change):
    with (folder / "sweep.csv").open(newline="") as file:
        runs = list(csv.DictReader(file))
    write_table(folder, change(runs) or runs)


def change_cells(folder, name, change):
    listed = [json.loads(text) for text in (folder / name).read_text().splitlines()]
    listed = change(listed) or listed
    (folder / name).write_text("".join(json.dumps(made) + "\n" for made in listed))


def each(field, value, where=lambda made: True):
    """A change of a field where a condition holds."""
    def change(listed):
        for made in listed:
            if where(made):
                made[field] = value
    return change


def is_qv(made):
    return made["targets"] in ("q,v", ["q", "v"])


# What is changed in the folder of nli, the checks that do not hold then, and a word of what is said.
FAULTS = {
    "no table": (lambda f: (f / "sweep.csv").unlink(), 8, "nli/sweep.csv is missing"),
    "a link": (lambda f: ((f / "run.json").unlink(), (f / "run.json").symlink_to("/etc/hostname")), 8, "run.json is missing"),
    "no JSON": (lambda f: (f / "cells.jsonl").write_text("{"), 8, "cells.jsonl cannot be read"),
    "an empty table": (lambda f: (f / "sweep.csv").write_text("task\n"), 8, "sweep.csv cannot be read, or is empty"),
    "a column": (lambda f: change_table(f, lambda runs: [{k: v for k, v in run.items() if k != "lr"} for run in runs]), 7,
                 "has no column lr"),
    "base seed": (lambda f: change_table(f, each("base_seed", "2")), 1, "has base_seed 2, and yours is 160"),
    "values": (lambda f: change_table(f, each("targets", "q", is_qv)), 3, "no run with targets q,v"),
    "four seeds": (lambda f: change_table(f, lambda runs: runs[1:]), 1, "every row has [1, 2, 3, 4, 5]"),
    "a seed twice": (lambda f: change_table(f, lambda runs: [runs[0], *runs[:1], *runs[2:]]), 1, "is there twice"),
    "another steps": (lambda f: change_table(f, each("steps", "4")), 1, "steps is not as"),
    "another base": (lambda f: (f / "run.json").write_text(json.dumps(CARD | {"configuration": {"base": {"steps": 20}}})), 1,
                     "trained for 20 steps"),
    "another alpha": (lambda f: change_table(f, each("alpha", "16", is_qv)), 1, "alpha differs between runs"),
    "a forged score": (lambda f: change_table(f, each("value", "0.9", lambda run: run["seed"] == "3")), 1, "another score in cells"),
    "no number": (lambda f: change_table(f, each("seed", "x", is_qv)), 2, "is no number"),
    "another rate": (lambda f: (change_table(f, each("lr", "0.005", is_qv)),
                                change_cells(f, "cells.jsonl", each("lr", 0.005, is_qv))), 1, "its search says 0.02"),
    "two rates": (lambda f: (change_table(f, each("lr", "0.005", lambda run: run["seed"] == "1")),
                             change_cells(f, "cells.jsonl", each("lr", 0.005, lambda run: run["seed"] == 1))), 1,
                  "was run with the rates 0.005, 0.02"),
    "a shorter search": (lambda f: change_cells(f, "search-cells.jsonl", lambda cells: [
        made for made in cells if not is_qv(made) or made["lr"] < 0.3]), 1, "have 7 rates in common"),
    "fewer seeds in a search": (lambda f: change_cells(f, "search-cells.jsonl", lambda cells: [
        made for made in cells if not is_qv(made) or made["seed"] != 103]), 1, "not all the same three seeds"),
    "no search": (lambda f: change_cells(f, "search-cells.jsonl", lambda cells: [
        made for made in cells if not is_qv(made)]), 2, "no search of targets q,v"),
    "seeds of the runs": (lambda f: change_cells(f, "search-cells.jsonl", each("seed", 1, lambda made: made["seed"] == 101)), 1,
                          "used a seed of the runs"),
}


def right_files(folder):
    """Every statement that an ID can draw has all points; so has one row whose search went beyond an edge."""
    drawn = questions()["a5.q4"][0]["drawn"]
    for number, claim in enumerate(drawn["statement"]["choose"]):
        tree = folder / str(number)
        tasks = drawn["tasks"]["choose"][number % 3]
        constants = {"base_seed": 101 + number, "tasks": tasks, "statement": claim}
        write(tree, constants)
        got = hand_in.look(tree, 17, constants)
        expect(got == (17, []), f"{claim}: {got}")
    for task, steps in hand_in.STEPS.items():
        expect(f"t.steps = {steps};" in (ROOT / f"data/{task}_task.cpp").read_text(), f"{task} has other steps than {steps}")
    pretrain = (ROOT / "experiments/training/pretrain.h").read_text()
    expect(f"long steps = {hand_in.BASE_STEPS};" in pretrain, "a base has other steps")
    want = hand_in.statement(DRAWN)
    write(folder / "beyond", DRAWN)
    nli = folder / "beyond" / hand_in.FOLDER / "nli"
    change_cells(nli, "search-cells.jsonl", lambda cells: cells + [
        cell("nli", want, "q,v", seed, 0.64, "search") for seed in (101, 102, 103)])
    expect(hand_in.look(folder / "beyond", 17, DRAWN) == (17, []), "a search beyond an edge")


def each_fault_costs_its_own(folder):
    """A fault is named, and takes the points of the checks that ask for it."""
    for name, (change, checks, word) in FAULTS.items():
        tree = folder / name
        write(tree, DRAWN)
        change(tree / hand_in.FOLDER / "nli")
        points, faults = hand_in.look(tree, CHECKS, DRAWN)
        expect(points == CHECKS - checks, f"{name}: {CHECKS - points} checks do not hold, not {checks}: {faults}")
        expect(any(word in fault for fault in faults), f"{name}: {faults}, not {word!r}")
        expect(all("\n" not in fault for fault in faults), f"{name}: a fault of several lines")
    tree = folder / "empty"
    tree.mkdir()
    points, faults = hand_in.look(tree, CHECKS, DRAWN)
    expect(points == 0 and len(faults) == 3, f"nothing is handed in: {points} {faults}")


def the_rule_of_the_search(folder):
    """The best mean; one below it where a seed of the best has collapsed; no rate at which a run diverged."""
    rates = lambda *lists: {0.01 * 2 ** i: dict(enumerate(scores)) for i, scores in enumerate(lists)}  # noqa: E731
    nan = float("nan")
    for wanted, given in ((0.02, rates([60, 61, 62], [70, 71, 72], [65, 66, 67])),
                          (0.01, rates([70, 70, 70], [70, 70, 70], [65, 65, 65])),
                          (0.02, rates([60, 60, 60], [62, 62, 62], [90, 90, 30])),
                          (0.01, rates([60, 60, 60], [90, 90, nan])), (None, rates([nan, nan, nan]))):
        expect(hand_in.searched_rate(given) == wanted, f"{given}: {hand_in.searched_rate(given)}, not {wanted}")


PROGRAM = """#!{python}
import json, sys
sys.path.insert(0, {tests!r})
import course_hand_in_test as test
given = sys.argv[1:]
if given == ["--version"]:
    print("lowrank 0.1.0\\ncommit 1\\nGNU 12.2.0\\nflags {flags}")
    sys.exit()
option = lambda name: given[given.index("--" + name) + 1]
if {fails!r}:
    sys.exit({fails!r})
if given[0] == "train":
    value = test.score(option("task"), option("targets"), int(option("seed")), float(option("lr")))
    open(option("out"), "w").write(option("seed") + " " + repr(value))
    print(json.dumps({{"value": 0.1, "nll": 9}}))
else:
    seed, value = open(option("adapter")).read().split()
    assert seed == option("data-seed")
    print(json.dumps({{"value": float(value) + {off}, "nll": 1.5}}))
"""


def program(folder, name, flags="-O3 -fopenmp", off=0.0, fails=""):
    path = folder / name
    path.write_text(PROGRAM.format(python=sys.executable, tests=str(ROOT / "tests"), flags=flags, off=off, fails=fails))
    path.chmod(0o755)
    return path


def runs_again(folder):
    """A run that comes out again has all points, to the bit where machines are alike and else within a spread."""
    write(folder / "right", DRAWN)
    write(folder / "forged", DRAWN)
    write(folder / "own", DRAWN)
    for task in ("nli", "sqlgen"):
        (folder / "own" / hand_in.FOLDER / task / "run.json").write_text(json.dumps(CARD | {"runs": [MACHINE | {"commit": "2"}]}))
    for task in ("nli", "sqlgen"):
        of_task = folder / "forged" / hand_in.FOLDER / task
        change_table(of_task, lambda runs: [run | {"value": repr(float(run["value"]) + 0.05)} for run in runs])
        change_cells(of_task, "cells.jsonl", lambda cells: [made | {"value": made["value"] + 0.05} for made in cells])
    expect(hand_in.look(folder / "forged", 17, DRAWN) == (17, []), "made-up scores are seen by nobody but the rerun")
    question, said = {"id": "a5.q5", "title": "again", "points": 25}, []

    def mark(tree, path, word="w"):
        return Rerun(path, folder / "cache", word, said.append).mark(folder / tree, "s1", question, DRAWN)

    same, native = program(folder, "same"), program(folder, "native", "-O3 -march=native")
    nearly, far = program(folder, "nearly", "-O3 -march=native", 0.001), program(folder, "far", "-O3 -march=native", 0.03)
    last_bit = program(folder, "last_bit", off=1e-15)
    for path, tree, wanted in ((same, "right", 25), (last_bit, "right", 0), (last_bit, "own", 25), (same, "forged", 0), (native, "right", 25),
                               (nearly, "right", 25), (far, "right", 0), (native, "forged", 0)):
        got = mark(tree, path)
        expect(got.points == wanted and got.most == 25 and "(draw w)" in got.says, f"{path.name}, {tree}: {got}")
    expect(all("runs lowrank train --task " in text and "; about " in text for text in said), f"it says: {said}")
    expect(len({mark("right", same, str(i)).says.partition(" (draw")[0] for i in range(12)}) > 5, "always the same run is drawn")
    expect(mark("none", same).points == 0 and "is missing" in mark("none", same).says, "no files")
    for path, word in ((folder / "none", "`./run tasks` builds one"), (program(folder, "fails", fails="no memory"), "no memory"),
                       (Path("/bin/true"), "is no program of this library")):
        try:
            expect(False, f"{word}: marked: {mark('right', path)}")
        except NotMarked as why:
            expect(word in str(why) and "\n" not in str(why), f"{why}, not {word!r}")
    diverged = program(folder, "diverged", fails="training diverged at step 3")
    expect(mark("right", diverged).points == 0, "a run that diverges here and not there")
    shutil.copytree(folder / "right", folder / "another")
    for task in ("nli", "sqlgen"):
        change_table(folder / "another" / hand_in.FOLDER / task, each("base_seed", "2"))
    expect(mark("another", same).points == 0 and "not what the ID asks for" in mark("another", same).says, "another's sweep")
    shutil.copytree(folder / "right", folder / "option")
    for task in ("nli", "sqlgen"):
        change_table(folder / "option" / hand_in.FOLDER / task, each("alpha", "--out=/tmp/x"))
    expect(mark("option", same).points == 0 and "alpha is no value" in mark("option", same).says, "a value that is an option")


TESTS = [right_files, each_fault_costs_its_own, the_rule_of_the_search, runs_again]

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        for test in TESTS:
            print(f"{test.__name__}: {test.__doc__}", flush=True)
            (Path(place) / test.__name__).mkdir()
            test(Path(place) / test.__name__)
    print(f"{len(failures)} failures")
    sys.exit(1 if failures else 0)
