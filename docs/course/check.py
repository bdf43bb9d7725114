"""Runs the public cases of questions on the answers in a tree."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import cases
import hand_in
import manifest
from build import plain
from holes import CourseError


@dataclass
class Result:
    """What came of one question."""

    question: dict
    points: float  # None where no program gives them
    note: str = ""  # why it is not all of them
    hint: str = ""  # the probable cause
    answers: list = field(default_factory=list)


def public(root, question):
    """The public cases of a question, with the expected answers and those of known wrong bodies."""
    path = Path(root) / "docs/course/public" / f"{question['id']}.json"
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        raise CourseError(f"{question['id']}: {path} cannot be read") from None


def judge(question, program, given, seconds=20, run=plain):
    """The result of a question whose program was linked, on cases like those that public() gives."""
    got = cases.answers(program, given["cases"], seconds, run)
    tolerance = question.get("tolerance", cases.TOLERANCE)
    points = cases.score(question["points"], given["cases"], got, given["expected"], tolerance)
    result = Result(question, points, answers=got)
    wrong = [(case["name"], cases.difference(answer, expected, tolerance), answer.get("says"))
             for case, answer, expected in zip(given["cases"], got, given["expected"])
             if cases.difference(answer, expected, tolerance)]
    if wrong:
        name, difference, says = wrong[0]
        unwritten = all(" is not written yet: " in answer.get("threw", "") for answer in got)
        result.note = difference if unwritten else f"case {name}: {difference}"
        if says:
            result.note += f"; yours says: {says}"
        if len(wrong) > 1 and not unwritten:
            result.note += f" ({len(wrong)} of {len(got)} cases differ)"
        if not unwritten:
            result.hint = cases.hint(got, given["expected"], given["wrong"], tolerance) or ""
    return result


def of_files(tree, assignment, question, student):
    """The result of a question of the kind "files"."""
    points, faults = hand_in.look(tree, question["points"], manifest.constants(assignment, student))
    return Result(question, points, "\n".join(faults))


def check(root, pairs, builder, student=None):
    """The results of (assignment, question) pairs in the tree; only what they need is compiled."""
    for assignment in manifest.assignments_of(pairs):
        asked = [question for other, question in pairs if other is assignment]
        with_code = [question for question in asked if question["holes"]]
        sources = [manifest.sources_of(root, assignment, question) for question in with_code]
        needed = dict.fromkeys(file for files in sources for file in files)
        objects = {made.file: made for made in builder.compile_all(needed)}
        program = None
        for question, files in zip(with_code, sources):
            errors = [objects[file].error for file in files if objects[file].error]
            if errors:
                yield Result(question, 0, errors[0])
                continue
            try:
                program = program or builder.link(list(objects.values()))
            except RuntimeError as error:
                yield Result(question, 0, f"does not link: {error}")
                continue
            yield judge(question, program, public(root, question))
        for question in asked:
            if question.get("kind") == "files":
                yield of_files(root, assignment, question, student)
            elif not question["holes"]:
                yield Result(question, None, manifest.KINDS[question["kind"]])
