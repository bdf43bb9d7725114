#!/usr/bin/python3
"""./run course: hands out the assignments of docs/course, and checks answers to them."""

import argparse
import os
import re
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True  # a tree stays as it was exported

import check
import manifest
import opening
import tree
from build import Builder
from holes import CourseError
from reader import Reader

ROOT = Path(__file__).resolve().parents[2]


def cache_folder():
    """Where objects are kept between calls: in build/ of the checkout, or of the user where that cannot be written."""
    wanted = os.environ.get("LOWRANK_COURSE_CACHE")
    if wanted:
        return Path(wanted).resolve()
    folder = ROOT / "build" / "course"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return Path(tempfile.gettempdir()) / f"lowrank-course-{os.getuid()}"


def reader():
    try:
        import clang.cindex  # noqa: F401
    except ImportError:
        raise CourseError("libclang for Python is missing; please install what Debian calls python3-clang") from None
    return Reader(cache_folder())


def export(arguments):
    tree.want_whole_library(ROOT)
    assignments = manifest.load(ROOT)
    opened = manifest.chosen(assignments, arguments.assignments)
    if arguments.student is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@+-]*", arguments.student):
        raise CourseError("--student takes letters, digits and . _ @ + -, without blanks")
    tree.want_new(arguments.dir)
    made = tree.make(ROOT, reader(), assignments, opened, student=arguments.student)
    tree.export(ROOT, made, arguments.dir)
    first = opened[0]
    page = manifest.assignment_of(assignments, first)["page"]
    print(f"{arguments.dir}: {len(made)} files, with holes for {' '.join(opened)}; begin with docs/course/{page}")
    return 0


def open_next(arguments):
    tree.want_whole_library(ROOT)
    assignments = manifest.load(ROOT)
    reference = manifest.chosen(assignments, arguments.reference) if arguments.reference else []
    for line in opening.open_next(ROOT, reader(), assignments, arguments.assignment, arguments.dir, reference):
        print(line)
    page = manifest.assignment_of(assignments, arguments.assignment)["page"]
    print(f"{arguments.dir}: {arguments.assignment} is open; begin with docs/course/{page}")
    return 0


def run_check(arguments):
    assignments = manifest.load(ROOT)
    state = opening.state_of(ROOT)
    opened = state["assignments"] if state else manifest.names(assignments)
    words = [arguments.question] if arguments.question else opened
    pairs = [pair for word in words for pair in manifest.questions(assignments, word)]
    for assignment in manifest.assignments_of(pairs):
        if assignment["id"] not in opened:
            raise CourseError(f"{assignment['id']} is not open in this tree; open are: {' '.join(opened)}")
        drawn = manifest.constants(assignment, state and state["student"])
        if drawn:
            print(f"{assignment['id']}: your constants are " + ", ".join(f"{name} {value}" for name, value in drawn.items()))
    got = total = 0
    for result in check.check(ROOT, pairs, Builder(ROOT, cache_folder()), state and state["student"]):
        question = result.question
        if result.points is None:
            print(f"{question['id']}      - of {question['points']:2}  {question['title']}: {result.note}", flush=True)
            continue
        got, total = got + result.points, total + question["points"]
        print(f"{question['id']}  {result.points:5.4g} of {question['points']:2}  {question['title']}", flush=True)
        for word, line in (("", result.note), ("probable cause: ", result.hint)):
            for part in line.splitlines():
                print(f"       {word}{part}", flush=True)
    if len(pairs) > 1 and total:
        print(f"total  {got:5.4g} of {total}")
    return 0 if got == total else 1


def grade(arguments):
    import sheets  # neither is in a student tree
    from judge import Judge
    from rerun import Rerun

    target = Path(arguments.out)
    if target.exists():
        raise CourseError(f"{target} is there already")
    program = arguments.program or ROOT / "build" / "release" / "bin" / "lowrank"
    judge = Judge(ROOT, cache_folder(), arguments.trusted, rerun=Rerun(program, cache_folder(), arguments.draw))
    marks = []
    for mark in judge.grade(arguments.tree, arguments.student):
        marks.append(mark)
        print(f"{mark.points:5.4g} of {mark.most:4g}  {mark.name}", flush=True)
    target.mkdir(parents=True)
    sheets.write(target, marks, f"Marks of {arguments.student}", judge.notes, judge.by_hand)
    for note in judge.notes:
        print(note)
    got, most = sheets.total(marks)
    print(f"{got:g} of {most:g} points; {target}/sheet.md, results.json and junit.xml")
    return 0


def golden(arguments):
    import golden as authors  # not in a student tree

    assignments = manifest.load(ROOT)
    words = [arguments.question] if arguments.question else manifest.names(assignments)
    pairs = [pair for word in words for pair in manifest.questions(assignments, word)]
    for line in authors.write(ROOT, reader(), Builder(ROOT, cache_folder()), pairs):
        print(line, flush=True)
    return 0


def parser():
    top = argparse.ArgumentParser(prog="./run course", description=__doc__)
    can_grade = (ROOT / "docs/course/judge.py").is_file()  # it is not in a student tree
    commands = top.add_subparsers(required=True, metavar="export | check | next" + " | grade" * can_grade)
    made = commands.add_parser("export", help="write a student tree: the library with holes")
    made.add_argument("dir", metavar="DIR", help="a folder that is not there yet")
    made.add_argument("--assignments", metavar="a0,a1", help="those to open; all of them if left out")
    made.add_argument("--student", metavar="ID", help="draws the constants of hidden checks and experiments")
    made.set_defaults(run=export)
    made = commands.add_parser("check", help="run the public cases on the answers in this tree")
    made.add_argument("question", nargs="?", metavar="a1[.q3]", help="all that is open if left out")
    made.set_defaults(run=run_check)
    made = commands.add_parser("next", help="open the next assignment in a student tree")
    made.add_argument("assignment", metavar="a2")
    made.add_argument("dir", metavar="DIR", help="the student tree")
    made.add_argument("--reference", metavar="a1", help="assignments whose answers are replaced by the library's")
    made.set_defaults(run=open_next)
    if can_grade:
        made = commands.add_parser("grade", help="the marks of a student tree")
        made.add_argument("tree", metavar="TREE")
        made.add_argument("--student", metavar="ID", required=True, help="whose tree it is")
        made.add_argument("--out", metavar="DIR", required=True, help="a folder that is not there yet")
        made.add_argument("--trusted", action="store_true", help="go on where the machine gives no walls")
        made.add_argument("--program", metavar="PATH", help="makes runs of sweeps again (default: what ./run has built)")
        made.add_argument("--draw", metavar="WORD", help="decides which run that is (default: a new one, which the sheet names)")
        made.set_defaults(run=grade)
    if (ROOT / "docs/course/golden.py").is_file():
        made = commands.add_parser("golden")
        made.add_argument("question", nargs="?")
        made.set_defaults(run=golden)
    return top


if __name__ == "__main__":
    given = parser().parse_args()
    try:
        sys.exit(given.run(given))
    except CourseError as error:
        print(f"course: {error}", file=sys.stderr)
        sys.exit(2)
