"""For the authors: writes public/*.json from the reference and the known wrong bodies. Not in a student tree."""

import importlib
import json
import random
import re
import sys
from pathlib import Path

import cases
import manifest
from holes import CourseError, edited, find, kept_part


def draw(root, assignment, question, seed, count):
    """`count` cases of a question, drawn from a seed such as "public" or a student's ID."""
    sys.path.insert(0, str(Path(root) / "docs/course/draw"))
    drawing = importlib.import_module(assignment["id"]).QUESTIONS[question["id"]]
    return [drawing(random.Random(f"{seed} {question['id']} {index}"), index) for index in range(count)]


def wrong_body(root, name):
    """The fields in the head of a file in wrong/, and the text below it."""
    try:
        head, _, body = (Path(root) / "docs/course/wrong" / name).read_text().partition("\n\n")
    except OSError:
        raise CourseError(f"docs/course/wrong/{name} is not there") from None
    return dict(re.findall(r"^(\w+): (.*)$", head, re.MULTILINE)), body.strip("\n")


def with_body(reader, root, question, name):
    """(file, text, hint): the file of the hole with the wrong body in the place of the right one."""
    head, body = wrong_body(root, name)
    holes = [hole for hole in question["holes"] if head.get("function", hole.get("function")) == hole.get("function")]
    if len(holes) != 1 or "hint" not in head:
        raise CourseError(f"{question['id']}: docs/course/wrong/{name} names no hint, or not one hole")
    hole = holes[0]
    text = (Path(root) / hole["file"]).read_text()
    if hole.get("whole"):
        return hole["file"], body + "\n", head["hint"]
    function = find(reader.functions(root, hole["file"], text), text, question["id"], hole)
    data = text.encode()
    keep = kept_part(data[slice(*function.body)].decode(), hole, question["id"]) if "after" in hole else ""
    new = f"{keep}{body}\n}}" if keep else body
    return hole["file"], edited(data, [(*function.body, new.encode())]).decode(), head["hint"]


def program_with(builder, assignment, question, replaced=None):
    """The probe on the reference, with one file replaced by (file, text)."""
    objects = builder.compile_all([file for file in manifest.sources_of(assignment, question)
                                   if not replaced or file != replaced[0]])
    if replaced:
        objects.append(builder.compile(*replaced))
    for made in objects:
        if made.error:
            raise CourseError(f"{question['id']}: {made.error}")
    return builder.link(objects)


def write(root, reader, builder, pairs):
    """Writes the public cases of the questions, and says which wrong bodies no case notices."""
    for assignment, question in pairs:
        drawn = draw(root, assignment, question, "public", question["public"])
        expected = cases.answers(program_with(builder, assignment, question), drawn)
        wrong, notes = [], []
        for name in question["wrong"]:
            file, text, hint = with_body(reader, root, question, name)
            answers = cases.answers(program_with(builder, assignment, question, (file, text)), drawn)
            caught = sum(1 for got, right in zip(answers, expected) if cases.difference(got, right))
            notes.append(f"{name} differs in {caught} of {len(drawn)}")
            if not caught:
                raise CourseError(f"{question['id']}: no public case notices docs/course/wrong/{name}")
            wrong.append({"name": name.removesuffix(".txt"), "hint": hint, "answers": answers})
        for known in wrong:
            if cases.hint(known["answers"], expected, wrong) != known["hint"]:
                raise CourseError(f"{question['id']}: {known['name']} gets the hint of another wrong body")
        target = Path(root) / "docs/course/public" / f"{question['id']}.json"
        target.write_text(_lines({"question": question["id"], "cases": drawn, "expected": expected, "wrong": wrong}))
        yield f"{question['id']}: {len(drawn)} cases; " + "; ".join(notes)


def _lines(given):
    """JSON with a line for each case and answer."""
    def entries(values, indent):
        return "[\n" + ",\n".join(f"{indent} {json.dumps(value)}" for value in values) + f"\n{indent}]"
    wrong = ",\n".join(f'  {{"name": {json.dumps(known["name"])}, "hint": {json.dumps(known["hint"])},\n'
                       f'   "answers": {entries(known["answers"], "   ")}}}' for known in given["wrong"])
    return (f'{{"question": "{given["question"]}",\n "cases": {entries(given["cases"], " ")},\n'
            f' "expected": {entries(given["expected"], " ")},\n "wrong": [\n{wrong}\n ]}}\n')
