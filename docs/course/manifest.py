"""The list of assignments and questions, manifest.json."""

import hashlib
import json
import random
from pathlib import Path

from holes import CourseError

FILE = "docs/course/manifest.json"
KINDS = {"rubric": "marked by hand", "files": "of files that are handed in", "rerun": "run again by the grader"}
OWN = "docs/course/own/"  # the course's own files: holes in every student tree, whatever is opened


def load(root):
    """The assignments of the tree."""
    try:
        manifest = json.loads((Path(root) / FILE).read_text())
        if manifest["format"] != 1:
            raise CourseError(f"{FILE} has the format {manifest['format']}, and this tool reads 1")
        for assignment in manifest["assignments"]:
            for question in assignment["questions"]:
                question.setdefault("holes", [])
                if question["id"].partition(".")[0] != assignment["id"]:
                    raise CourseError(f"{FILE}: the question {question['id']} has another assignment's name")
                if bool(question["holes"]) == ("kind" in question) or question.get("kind", "rubric") not in KINDS:
                    raise CourseError(f"{FILE}: the question {question['id']} has neither holes nor one of the kinds "
                                      + ", ".join(KINDS))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(f"{FILE} cannot be read: {type(error).__name__}: {error}".replace("\n", " ")) from None
    return manifest["assignments"]


def for_students(assignments):
    """The file without what only export and the grader read; some of that quotes answers."""
    left_out = ("edits", "sections", "left_out_tests", "left_out_files", "siblings", "hidden", "hidden_probe",
                "sanitizers", "wrong")
    def reduced(entry):
        return {key: value for key, value in entry.items() if key not in left_out}
    listed = [reduced(assignment) | {"questions": [reduced(question) for question in assignment["questions"]]}
              for assignment in assignments]
    return json.dumps({"format": 1, "assignments": listed}, indent=1, ensure_ascii=False) + "\n"


def names(assignments):
    return [assignment["id"] for assignment in assignments]


def assignment_of(assignments, name):
    """The assignment of that name."""
    for assignment in assignments:
        if assignment["id"] == name:
            return assignment
    raise CourseError(f"no assignment '{name}'; there are: {' '.join(names(assignments))}")


def chosen(assignments, words):
    """The names in "a0,a1", checked, in the order of the manifest; all of them for None."""
    if words is None:
        return names(assignments)
    wanted = [assignment_of(assignments, word.strip())["id"] for word in words.split(",")]
    return [name for name in names(assignments) if name in wanted]


def questions(assignments, word):
    """The (assignment, question) pairs that "a1" or "a1.q3" means."""
    name, _, question = word.partition(".")
    assignment = assignment_of(assignments, name)
    found = [(assignment, entry) for entry in assignment["questions"] if question in ("", entry["id"].partition(".")[2])]
    if not found:
        there = " ".join(entry["id"] for entry in assignment["questions"])
        raise CourseError(f"no question '{word}'; there are: {there}")
    return found


def assignments_of(pairs):
    """The assignments of (assignment, question) pairs, each once."""
    return list({assignment["id"]: assignment for assignment, _ in pairs}.values())


def holes_of(question):
    """The holes of a question: {file: those in it}. Its "whole_files" are holes that a person reads and no program fills."""
    found = {}
    for hole in [*question["holes"], *({"file": file, "whole": True} for file in question.get("whole_files", []))]:
        found.setdefault(hole["file"], []).append(hole)
    return found


def constants(assignment, student):
    """What the ID draws for the experiments of an assignment, by its "drawn"; the same for all without an ID."""
    found = {}
    for name, choice in assignment.get("drawn", {}).items():
        drawing = random.Random(f"constant {student or 'nobody'} {assignment['id']} {name}")
        found[name] = drawing.choice(choice["choose"]) if "choose" in choice else drawing.randint(choice["from"], choice["to"])
    return found


def sources_of(root, assignment, question, probe=None):
    """The files that must compile for the question; "nn/*.cpp" in the list stands for all of them. `probe` takes the place of
    the assignment's."""
    files = [probe or f"docs/course/probes/{assignment['probe']}"]
    for pattern in [*assignment["sources"], *question.get("sources", [])]:
        found = sorted(path.relative_to(root).as_posix() for path in Path(root).glob(pattern))
        files += found or [pattern]
    return list(dict.fromkeys([*files, *(hole["file"] for hole in question["holes"])]))


def version(root, assignments):
    """A name for the state of what has holes: trees of one version fit together."""
    files = {FILE}
    for assignment in assignments:
        files |= {hole["file"] for hole in assignment.get("siblings", [])}
        files |= {file for question in assignment["questions"] for file in holes_of(question)}
    digest = hashlib.sha256()
    for file in sorted(files):
        path = Path(root) / file
        digest.update(file.encode() + b"\0" + (path.read_bytes() if path.is_file() else b"") + b"\0")
    return digest.hexdigest()[:12]
