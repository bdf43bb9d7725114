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


def draw(root, assignment, question, student=None):
    """The public cases of a question, each by QUESTIONS(random, index), or those hidden ones that an ID draws: by
    HIDDEN(random, index) where the question is there, or by HIDDEN_AT_ONCE(random, count), which draws their order too."""
    made = _drawn(root, assignment, question, student)
    if len({case["name"] for case in made}) < len(made):
        raise CourseError(f"{question['id']}: two cases have one name, and their answers are told apart by it")
    return made


def _drawn(root, assignment, question, student):
    sys.path.insert(0, str(Path(root) / "docs/course/draw"))
    module = importlib.import_module(assignment["id"])
    drawing, seed, count = module.QUESTIONS[question["id"]], "public", question["public"]
    if student is not None:
        seed, count = f"student {student}", question["hidden"]
        at_once = getattr(module, "HIDDEN_AT_ONCE", {}).get(question["id"])
        if at_once:
            return at_once(random.Random(f"{seed} {question['id']}"), count)
        drawing = getattr(module, "HIDDEN", {}).get(question["id"], drawing)
    return [drawing(random.Random(f"{seed} {question['id']} {index}"), index) for index in range(count)]


def with_wrong(reader, root, question, name):
    """({file: text}, hint): the reference with the mistake of docs/course/wrong/NAME. Below its line "hint: ..." stands a whole
    body of the question's one hole (with "function: ..." in the head of the one that is named), or parts of this form:
        in: FILE: FUNCTION
        - lines of that body, there once
        + what stands there instead
    """
    try:
        text = (Path(root) / "docs/course/wrong" / name).read_text()
    except OSError:
        raise CourseError(f"docs/course/wrong/{name} is not there") from None
    head, _, body = text.partition("\n\n")
    fields = dict(re.findall(r"^(\w+): (.*)$", head, re.MULTILINE))
    if "hint" not in fields:
        raise CourseError(f"docs/course/wrong/{name} has no hint")
    parts = re.split(r"^in: (.*): (.*)\n", text, flags=re.MULTILINE)[1:]
    changed = {}
    for file, function, lines in zip(parts[::3], parts[1::3], parts[2::3]):
        changed[file] = _with_lines(reader, root, name, file, changed.get(file), function, lines)
    return changed or _with_body(reader, root, question, name, fields, body.strip("\n")), fields["hint"]


def _with_lines(reader, root, name, file, text, function, lines):
    """The text of a file with lines of one function replaced."""
    text = (Path(root) / file).read_text() if text is None else text
    begin, end = find(reader.functions(root, file, text), text, name, {"file": file, "function": function}).body
    data = text.encode()
    body, old, new = data[begin:end].decode(), [], []
    for line in lines.rstrip("\n").split("\n"):
        if line[:1] not in ("-", "+"):
            raise CourseError(f"docs/course/wrong/{name}: a line that begins with neither - nor +: {line}")
        if line[0] == "-" and new:  # the next pair begins
            body, old, new = _replaced(name, body, old, new), [], []
        (old if line[0] == "-" else new).append(line[2:])
    return edited(data, [(begin, end, _replaced(name, body, old, new).encode())]).decode()


def _replaced(name, body, old, new):
    was = "\n".join(old)
    if body.count(was) != 1 or not was:
        raise CourseError(f"docs/course/wrong/{name}: the body has {body.count(was) or 'no'} places: {was}")
    return body.replace(was, "\n".join(new))


def _with_body(reader, root, question, name, fields, body):
    """{file: text} with a whole body in the place of the right one."""
    holes = [hole for hole in question["holes"] if fields.get("function", hole.get("function")) == hole.get("function")]
    if len(holes) != 1:
        raise CourseError(f"{question['id']}: docs/course/wrong/{name} does not mean one hole")
    hole = holes[0]
    text = (Path(root) / hole["file"]).read_text()
    if hole.get("whole"):
        return {hole["file"]: body + "\n"}
    function = find(reader.functions(root, hole["file"], text), text, question["id"], hole)
    data = text.encode()
    keep = kept_part(data[slice(*function.body)].decode(), hole, question["id"]) if "after" in hole else ""
    new = f"{keep}{body}\n}}" if keep else body
    return {hole["file"]: edited(data, [(*function.body, new.encode())]).decode()}


def program_with(builder, assignment, question, replaced={}, probe=None):
    """The probe on the reference, with the files in `replaced` ({file: text})."""
    try:
        return builder.program(manifest.sources_of(builder.root, assignment, question, probe), replaced)
    except CourseError as error:
        raise CourseError(f"{question['id']}: {error}") from None


def write(root, reader, builder, pairs):
    """Writes the public cases of the questions, and says which wrong bodies no case notices."""
    for assignment, question in pairs:
        if not question["holes"]:
            continue
        tolerance = question.get("tolerance", cases.TOLERANCE)
        drawn = draw(root, assignment, question)
        expected = cases.answers(program_with(builder, assignment, question), drawn)
        wrong, notes = [], []
        for name in question["wrong"]:
            changed, hint = with_wrong(reader, root, question, name)
            answers = [{key: value for key, value in answer.items() if key != "says"}  # which may tell of the right one
                       for answer in cases.answers(program_with(builder, assignment, question, changed), drawn)]
            caught = sum(1 for got, right in zip(answers, expected) if cases.difference(got, right, tolerance))
            notes.append(f"{name} differs in {caught} of {len(drawn)}")
            if not caught:
                raise CourseError(f"{question['id']}: no public case notices docs/course/wrong/{name}")
            wrong.append({"name": name.removesuffix(".txt"), "hint": hint, "answers": answers})
        for known in wrong:
            if cases.hint(known["answers"], expected, wrong, tolerance) != known["hint"]:
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
