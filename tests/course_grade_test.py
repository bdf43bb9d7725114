#!/usr/bin/env python3
"""./run course grade: the reference has all points and the stripped tree none, hostile answers have none and harm nothing,
and what is no tree of a student's is refused. For `./run test -L course`. Wants bubblewrap's walls, else 77."""

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

sys.dont_write_bytecode = True

import course_test as course
import course_whole_test as whole

sys.path.insert(0, str(course.COURSE))
HOSTILE = course.COURSE / "hostile"


def grade(tree, out, student="s1"):
    code, said, errors = course.call(course.ROOT, "grade", tree, "--student", student, "--out", course.WORK / out)
    return code, said, errors, course.WORK / out


def answered():
    """A student's tree with the reference's answers."""
    tree = course.WORK / "answered"
    shutil.copytree(course.STUDENT, tree)
    for _, question in course.questions().values():
        whole.answer(tree, question)
    return tree


def reference_has_all_points():
    """The library's own answers have every point, in all three files."""
    import sheets

    code, said, errors, out = grade(answered(), "of_reference")
    results = json.loads((out / "results.json").read_text())
    most = sum(question["points"] for _, question in course.questions().values())
    course.expect(code == 0 and not errors and results["score"] == most, f"the reference: {said} {errors}")
    course.expect(not sheets.faults_of(results), f"results.json: {sheets.faults_of(results)}")
    course.expect(sheets.faults_of(results | {"score": most - 1}), "a wrong sum is not noticed")
    course.expect(len(ET.parse(out / "junit.xml").getroot()) == len(results["tests"]), "junit.xml has other tests")
    course.expect(f"**{most} of {most} points.**" in (out / "sheet.md").read_text(), "sheet.md says something else")


def stripped_has_none():
    """Nothing is written: no points, and each question says so."""
    code, _, _, out = grade(course.STUDENT, "of_stripped")
    results = json.loads((out / "results.json").read_text())
    course.expect(code == 0 and results["score"] == 0, f"the stripped tree: {results['score']}")
    for test in results["tests"]:
        name = test["name"].split()[0]
        course.expect(test["output"].startswith(f"{name} is not written yet: docs/course/"), f"{name}: {test['output']}")


def hostile_tree(path):
    """A tree with one answer of hostile/: helpers, a line of dashes, and the body."""
    head, _, rest = path.read_text().partition("\n\n")
    name = head.removeprefix("question: ")
    helpers, _, body = rest.partition("----\n")
    hole = course.questions()[name][1]["holes"][0]
    tree, file = course.WORK / "hostile" / path.stem, hole["file"]
    for kept in (file, "docs/course/student.json"):
        (tree / kept).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(course.STUDENT / kept, tree / kept)
    text, at = (tree / file).read_text(), 0
    for word in whole.way_to(text, hole["function"]):
        at = text.index(word, at)
    begin, end = (at + place for place in course.body_of(text[at:], word))
    text = text[:begin] + body.rstrip() + text[end:]
    region = f"// your helpers for {name}\n"
    (tree / file).write_text(text.replace(region, region + helpers))
    return tree, name


def hostile_answers_have_none():
    """What is meant to break out, to fake or never to end has no points, is told why, and leaves nothing behind."""
    from judge import Judge

    judge = Judge(course.ROOT, course.CACHE, seconds=3)
    kept = {path: path.read_bytes() for path in sorted(course.COURSE.rglob("*")) if path.is_file()}
    for path in sorted(HOSTILE.glob("*.txt")):
        tree, name = hostile_tree(path)
        marks = list(judge.grade(tree, "s1", {name}))
        course.expect(len(marks) == 2 and sum(mark.points for mark in marks) == 0, f"{path.stem} has points: {marks}")
        course.expect(all(mark.says for mark in marks), f"{path.stem}: nothing is said")
    course.expect(all(path.read_bytes() == data for path, data in kept.items()), "a file of the course was changed")
    left = subprocess.run(["pgrep", "-f", str(course.CACHE / "programs")], capture_output=True, text=True, check=False).stdout
    course.expect(not left, f"processes are left: {left}")


def bad_input():
    """What is missing in a tree costs its question; what is no tree is refused."""
    tree = course.WORK / "changed"
    shutil.copytree(course.STUDENT, tree)
    (tree / "autograd/ops_linear.cpp").unlink()
    text = tree / "autograd/ops_reduce.cpp"
    text.write_text(text.read_text().replace("// your helpers for a1.q5", "// helpers"))
    code, _, _, out = grade(tree, "of_changed")
    said = {test["name"].split()[0]: test["output"] for test in json.loads((out / "results.json").read_text())["tests"]}
    course.expect(code == 0 and said["a1.q3"] == "autograd/ops_linear.cpp is missing", f"a missing file: {said['a1.q3']}")
    course.expect("do not stand there once each" in said["a1.q5"], f"a region without its lines: {said['a1.q5']}")
    for word, arguments in (("is no student tree", (course.WORK, "x")), ("is there already", (tree, "of_changed")),
                            ("is of the student s1, not bob", (tree, "y", "bob"))):
        code, said, errors, _ = grade(*arguments)
        course.expect(code == 2 and not said and errors.count("\n") == 1 and word in errors, f"{word}: {code} {errors}")


if __name__ == "__main__":
    if sys.executable != course.PYTHON:
        os.execv(course.PYTHON, [course.PYTHON, *sys.argv])  # the one that has libclang
    from walls import missing_walls

    if missing_walls():
        print(f"skipped: no walls against {', '.join(missing_walls())}")
        sys.exit(77)
    sys.exit(course.run([course.export_twice, stripped_has_none, reference_has_all_points, hostile_answers_have_none, bad_input]))
