#!/usr/bin/env python3
"""What course_test.py leaves to `./run test -L course`: every question, and every known wrong body."""

import json
import shutil
import sys

sys.dont_write_bytecode = True

import course_test as course


def way_to(text, function):
    """The words that lead to the definition of a function of the manifest in the text of its file."""
    name, _, parameters = function.partition("(")
    outer, _, name = name.rpartition("::")
    if f"struct {outer} " in text:
        return [f"struct {outer} ", f"void {name}("]
    return [f" {outer}::{name}({parameters.split(',')[0].strip()} output"] if outer else [f" {name}("]


def answer(tree, question):
    """Puts the reference's bodies of a question into a student's tree."""
    for hole in question["holes"]:
        file = hole["file"]
        if hole.get("whole"):
            shutil.copy(course.ROOT / file, tree / file)
        else:
            course.put_back(tree, file, *way_to((tree / file).read_text(), hole["function"]))


def every_question_alone():
    """Each question is put back in a stripped tree, and moves its own points and no others."""
    for name, (_, question) in course.questions().items():
        before = {hole["file"]: (course.STUDENT / hole["file"]).read_bytes() for hole in question["holes"]}
        answer(course.STUDENT, question)
        _, out, _ = course.call(course.STUDENT, "check")
        moved = {other: got for other, got in course.points(out).items() if got}
        course.expect(moved == {name: question["points"]}, f"{name} alone: {moved}")
        for file, data in before.items():
            (course.STUDENT / file).write_bytes(data)


def public_cases_are_current():
    """golden, run on a copy, writes what is there: expected outputs, and wrong bodies, each noticed and with its hint."""
    copy = course.WORK / "reference"
    for folder in (course.COURSE, course.ROOT / "autograd"):
        shutil.copytree(folder, copy / folder.relative_to(course.ROOT), ignore=shutil.ignore_patterns("__pycache__"))
    code, out, err = course.call(copy, "golden")
    course.expect(code == 0 and not err and out.count("\n") == len(course.questions()), f"golden: {code} {out} {err}")
    made, there = course.contents(copy / "docs/course/public"), course.contents(course.COURSE / "public")
    course.expect(set(made) == set(there), "public/ has other files")
    for file in set(made) & set(there):
        same_but_last_bits(json.loads(made[file][0]), json.loads(there[file][0]), file)


def same_but_last_bits(a, b, where):
    """Equal but for the last bits of numbers, which are the C library's and the processor's."""
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for one, other in zip(a, b):
            same_but_last_bits(one, other, where)
    elif isinstance(a, dict) and isinstance(b, dict) and set(a) == set(b):
        for key in a:
            same_but_last_bits(a[key], b[key], where)
    elif isinstance(a, float) and isinstance(b, float):
        course.expect(a == b or (a != a and b != b) or abs(a - b) <= 1e-12 * (1 + abs(b)), f"{where}: {a} and {b}")
    else:
        course.expect(a == b, f"{where}: {a} and {b}")


if __name__ == "__main__":
    sys.exit(course.run([course.export_twice, every_question_alone, public_cases_are_current]))
