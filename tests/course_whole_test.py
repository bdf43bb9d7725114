#!/usr/bin/env python3
"""What course_test.py leaves to `./run test -L course`: every question, and every known wrong body."""

import json
import shutil
import sys

sys.dont_write_bytecode = True

import course_test as course


def tree_of(assignment):
    """A student's tree with that assignment alone: what is cut beside an earlier one is there."""
    tree = course.WORK / f"only_{assignment}"
    if not tree.exists():
        course.call(course.ROOT, "export", tree, "--assignments", assignment, "--student", "s1")
    return tree


def export_anew():
    """An export that reads every source anew is the same."""
    shutil.rmtree(course.CACHE / "functions")
    code, _, err = course.call(course.ROOT, "export", course.WORK / "anew", "--student", "s1")
    course.expect(code == 0 and not err and course.contents(course.WORK / "anew") == course.contents(course.STUDENT), f"anew: {err}")


def stripped_scores_nothing():
    """Everything compiles, and every question says which it is."""
    course.stripped_scores_nothing(course.names())


def every_question_alone():
    """Each question is put back in a stripped tree, with those that it needs, and moves its own points and no others."""
    answers = course.answers()
    for name, question in course.with_holes().items():
        if name.startswith("a3."):
            continue  # its answers call neighbours that are cut with it: each_of_a3_alone
        tree, back = tree_of(name.partition(".")[0]), course.with_needed(question)
        with course.unchanged_afterwards(tree, course.files_of(*back)):
            for other in back:
                answers.library(tree, other)
            _, out, _ = course.call(tree, "check")
        moved = {other: got for other, got in course.points(out).items() if got}
        course.expect(moved == {other["id"]: other["points"] for other in back}, f"{name} alone: {moved}")


def each_of_a3_alone():
    """The grader puts each answer of a3 into the library, so there each moves its own points and no others."""
    from judge import Judge
    from walls import missing_walls

    if missing_walls():
        return
    judge, answers = Judge(course.ROOT, course.CACHE), course.answers()
    asked = {name: question for name, question in course.with_holes().items() if name.startswith("a3.")}
    for name, question in asked.items():
        moved = {}
        with course.unchanged_afterwards(course.STUDENT, course.files_of(question)):
            answers.library(course.STUDENT, question)
            for mark in judge.grade(course.STUDENT, "s1", set(asked)):
                moved[mark.question] = moved.get(mark.question, 0) + mark.points
        course.expect(moved == {other: question["points"] * (other == name) for other in asked}, f"{name} alone: {moved}")


def public_cases_are_current():
    """golden, run on a copy, writes what is there: expected outputs, and wrong bodies, each noticed and with its hint."""
    copy = course.WORK / "reference"
    for folder in (*course.LIBRARY, "docs/course"):
        shutil.copytree(course.ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    code, out, err = course.call(copy, "golden")
    course.expect(code == 0 and not err and out.count("\n") == len(course.with_holes()), f"golden: {code} {out} {err}")
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


def second_answers():
    """Right answers that were written otherwise, from the pages, have every point."""
    answers = course.answers()
    for assignment in ("a1", "a4"):
        tree = course.WORK / f"second_{assignment}"
        shutil.copytree(tree_of(assignment), tree)
        asked = {name: question for name, question in course.with_holes().items() if name.startswith(assignment)}
        for name, question in asked.items():
            answers.from_file(tree, question, course.COURSE / "second" / f"{name}.txt")
        _, out, _ = course.call(tree, "check")
        got, wanted = course.points(out), {name: question["points"] for name, question in asked.items()}
        course.expect({name: value for name, value in got.items() if value} == wanted, f"the second answers to {assignment}: {out}")


if __name__ == "__main__":
    sys.exit(course.run([course.export_twice, export_anew, stripped_scores_nothing, every_question_alone, each_of_a3_alone,
                         public_cases_are_current, second_answers]))
