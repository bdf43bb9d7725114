#!/usr/bin/env python3
"""same_results.py BEFORE AFTER: what differs between two results folders.

For whoever changes the shape of the experiments and not their numbers: run the same commands before
and after into two folders, and every difference is printed. Of cells.jsonl the cells are compared,
field by field and to the last digit, in any order, and without the seconds that they took; of a
table (.md, .csv), a verdict or a finding every line. Which machine computed when (run.json, parts),
bases and pictures are not compared. Exit code 1 where anything differs.

same_results.py --self-test [BEFORE]: compares it (a small one of its own if none is given) with a copy in
which one learning rate is another in its sixth digit and one line of a table is gone, and fails unless
just these are found.
"""

import argparse
import difflib
import json
import pathlib
import shutil
import sys
import tempfile

MEASURED = {"metric", "value", "nll", "trainable", "more"}  # the rest of a cell names it
TIMES = {"seconds"}


def cells_of(path):
    """The cells of a file, without their times."""
    cells = []
    for line in path.read_text().splitlines():
        cell = json.loads(line)
        cells.append({name: value for name, value in cell.items() if name not in TIMES})
    return cells


def text(cell, names):
    return ", ".join(f"{name} {json.dumps(cell.get(name))}" for name in names)


def name_of(cell):
    """What tells it from its neighbours: the fields that say something."""
    return text(cell, [n for n, v in cell.items() if n not in MEASURED and v not in ("", 0, [], 0.0)])


def compare_cells(place, before, after):
    """Equal cells are set aside; each of the rest is held against the most similar one that is left."""
    differences = []
    left = list(after)
    changed = []
    for cell in before:
        if cell in left:
            left.remove(cell)
        else:
            changed.append(cell)
    for cell in changed:
        unlike = lambda other: sum(cell.get(n) != other.get(n) for n in cell.keys() | other.keys())
        of_its_name = [o for o in left if sum(cell.get(n) != o.get(n) for n in cell if n not in MEASURED) <= 1]
        if not of_its_name:
            differences.append(f"{place}: gone: {name_of(cell)}")
            continue
        other = min(of_its_name, key=unlike)
        left.remove(other)
        names = [n for n in {**cell, **other} if cell.get(n) != other.get(n)]
        differences.append(f"{place}: {name_of(cell)}: {text(cell, names)}  ->  {text(other, names)}")
    differences += [f"{place}: new: {name_of(cell)}" for cell in left]
    return differences


def compare_lines(place, before, after):
    lines = difflib.unified_diff(before, after, lineterm="", n=0)
    return [f"{place}: {line}" for line in lines if line[:2] not in ("--", "++", "@@")]


def lines_of(path):
    if path.suffix == ".json":  # one line a member
        return json.dumps(json.loads(path.read_text()), indent=1, sort_keys=True).splitlines()
    return path.read_text().splitlines()


def files_of(folder):
    compared = lambda p: p.name == "cells.jsonl" or p.suffix in (".md", ".csv") or (
        p.suffix == ".json" and p.name != "run.json" and p.parent.name != "parts")
    return {p.relative_to(folder) for p in folder.rglob("*") if p.is_file() and compared(p)}


def compare(before, after):
    there, now = files_of(before), files_of(after)
    differences = [f"{p}: gone" for p in sorted(there - now)] + [f"{p}: new" for p in sorted(now - there)]
    for path in sorted(there & now):
        if path.name == "cells.jsonl":
            differences += compare_cells(path, cells_of(before / path), cells_of(after / path))
        else:
            differences += compare_lines(path, lines_of(before / path), lines_of(after / path))
    return differences, len(there & now)


def small_results(folder):
    folder.mkdir()
    cells = [{"task": "nli", "method": method, "rank": rank, "lr": lr, "value": 0.5, "seconds": 1.0}
             for method, rank, lr in (("frozen", 0, 0.0), ("lora", 1, 0.02), ("lora", 2, 0.02))]
    (folder / "cells.jsonl").write_text("".join(json.dumps(cell) + "\n" for cell in cells))
    (folder / "table.md").write_text("| r | score |\n|---|---|\n| 1 | 50 |\n")
    return folder


def self_test(before):
    with tempfile.TemporaryDirectory() as folder:
        before = before or small_results(pathlib.Path(folder) / "before")
        after = pathlib.Path(folder) / "after"
        shutil.copytree(before, after)
        (after / "parts").mkdir()
        (after / "parts" / "1-of-2.node-1-0.json").write_text("{}")
        same, files = compare(before, after)
        assert not same and files > 0, f"a copy differs, or there is nothing to compare: {same}"

        cells = sorted(after.rglob("cells.jsonl"))[0]
        lines = cells.read_text().splitlines()
        at = next(i for i, line in enumerate(lines) if json.loads(line)["lr"] > 0)
        cell = json.loads(lines[at])
        cell["lr"] *= 1 + 1e-6
        lines[at] = json.dumps(cell)
        cells.write_text("\n".join(lines) + "\n")
        table = sorted(after.rglob("*.md"))[0]
        kept = table.read_text().splitlines()
        gone = kept.pop()
        table.write_text("\n".join(kept) + "\n")

        found, _ = compare(before, after)
        wanted = [str(cells.relative_to(after)) + ": ", str(table.relative_to(after)) + ": -" + gone]
        assert len(found) == 2 and all(any(f.startswith(w) for f in found) for w in wanted), found
        rate = next(f for f in found if f.startswith(wanted[0]))
        assert f'task "{cell["task"]}"' in rate and "lr" in rate and "gone" not in rate, rate
        print("found, as it should:", *found, sep="\n  ")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", type=pathlib.Path, nargs="?")
    parser.add_argument("after", type=pathlib.Path, nargs="?")
    parser.add_argument("--self-test", action="store_true")
    given = parser.parse_args()
    if given.self_test:
        return self_test(given.before)
    if given.before is None or given.after is None:
        parser.error("two folders are wanted")
    for folder in (given.before, given.after):
        if not folder.is_dir():
            parser.error(f"{folder} is no folder")
    differences, files = compare(given.before, given.after)
    print(*differences, sep="\n", end="\n" if differences else "")
    print(f"{files} files compared, {len(differences)} differences")
    return 1 if differences or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
