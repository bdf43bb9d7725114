"""The student tree: what a student is given (export), and how an assignment is opened in it (next)."""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import leaks
import manifest
from holes import CourseError, strip

LEFT_OUT = ("docs/course/instructor.md", "docs/course/wrong/", "docs/course/engines/", "docs/course/second/",
            "docs/course/hostile/", "docs/course/draw/", "docs/course/golden.py", "docs/course/judge.py", "docs/course/rerun.py",
            "docs/course/sheets.py", "docs/course/walls.py", "tests/course_")
STUDENT = "docs/course/student.json"
DIGESTS = "docs/course/exported.sha256"
DISABLED = "tests/left_out_tests.cmake"


def files_of(root):
    """The files of a tree, sorted: those that git knows, or without git all but what was built."""
    root = Path(root)
    if (root / ".git").exists():
        listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, check=False)
        if listed.returncode == 0:
            return sorted(file for file in listed.stdout.decode().split("\0") if file and (root / file).is_file())
    found = []
    for folder, folders, files in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = [name for name in folders if name not in (".git", "__pycache__")
                      and not (here == Path(".") and name in ("build", "results"))]
        found += [(here / name).as_posix() for name in files]
    return sorted(found)


def commit_of(root):
    done = subprocess.run(["git", "-C", root, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 and (Path(root) / ".git").exists() else None


def cuts_of(assignments, opened, referenced, fresh):
    """What is cut from each file: {file: [(question, hole, message, has a region)]}."""
    cuts = {}
    for number, assignment in enumerate(assignments):
        name = assignment["id"]
        for question in assignment["questions"]:
            for hole in [hole for holes in manifest.holes_of(question).values() for hole in holes]:
                if name in referenced or (name not in opened and not hole["file"].startswith(manifest.OWN)):
                    continue
                where = f"docs/course/{assignment['page']}#{question['id'].partition('.')[2]}"
                message = f"{question['id']} is not written yet: {where}"
                cuts.setdefault(hole["file"], []).append((question["id"], hole, message, not hole.get("whole")))
        if name in fresh:
            following = [*manifest.names(assignments), f"a{number + 1}"][number + 1]
            for hole in assignment.get("siblings", []):
                message = f"{hole['function']} comes with the next assignment: ./run course next {following}"
                cuts.setdefault(hole["file"], []).append((name, hole, message, False))
    return cuts


def want_whole_library(root):
    if (Path(root) / STUDENT).exists():
        raise CourseError("this is a student tree: export and next are for a checkout of the whole library")


def make(root, reader, assignments, opened, referenced=(), fresh=None, student=None):
    """The student tree as {file: bytes}. `opened` are the assignments with holes, but for those `referenced`; the
    neighbours that give away an assignment are cut while it is `fresh`."""
    fresh = opened if fresh is None else fresh
    root = Path(root)
    tree = {file: (root / file).read_bytes() for file in files_of(root) if not file.startswith(LEFT_OUT)}
    texts = {file: text for file, data in tree.items() if (text := _text(data)) is not None}
    removed, changed = {}, {}
    all_cuts = sorted(cuts_of(assignments, opened, referenced, fresh).items())
    for file, cuts in all_cuts:
        if file not in texts:
            raise CourseError(f"{cuts[0][0]}: {file} is not there")
    reader.read_all(root, {file: texts[file] for file, _ in all_cuts})
    for file, cuts in all_cuts:
        before = texts[file]
        texts[file] = strip(reader, root, file, before, cuts)
        removed |= _removed_lines(reader, root, file, before, texts[file], cuts)
        changed[file] = cuts[0][0]
    closed = [entry for entry in assignments if entry["id"] in opened and entry["id"] not in referenced]
    for assignment in closed:
        for edit in assignment.get("edits", []):
            texts[edit["file"]] = leaks.without_text(edit["file"], texts[edit["file"]], edit, assignment["id"])
        for section in assignment.get("sections", []):
            file = section["file"]
            texts[file] = leaks.without_section(file, texts[file], section["heading"], section["question"])
    for assignment in closed:
        for file in assignment.get("left_out_files", []):
            _leave_out(texts, file, assignment["id"])
    del texts[manifest.FILE]  # it quotes what is cut
    _without_leaks(texts, leaks.telling_lines(removed, texts), changed)
    tests = sorted({test for assignment in closed for test in assignment.get("left_out_tests", [])})
    texts[DISABLED] = _disabled(tests)
    texts[manifest.FILE] = manifest.for_students(assignments)
    texts[STUDENT] = json.dumps({"format": 1, "version": manifest.version(root, assignments), "student": student,
                                 "assignments": list(opened), "referenced": list(referenced), "fresh": list(fresh),
                                 "constants": {entry["id"]: drawn for entry in assignments if entry["id"] in opened
                                               and (drawn := manifest.constants(entry, student))},
                                 "commit": commit_of(root)}, indent=2) + "\n"
    made = {file: data for file, data in tree.items() if _text(data) is None}
    made |= {file: text.encode() for file, text in texts.items()}
    made[DIGESTS] = digests(made)
    return dict(sorted(made.items()))


def _removed_lines(reader, root, file, before, after, cuts):
    """{line: question} of what was cut out of a file; a line that two questions have is the first one's."""
    lines = leaks.removed_lines(before, after, cuts[0][0])
    for question in dict.fromkeys(question for question, _, _, _ in reversed(cuts)):
        alone = strip(reader, root, file, before, [cut for cut in cuts if cut[0] == question])
        lines |= {line: question for line in leaks.removed_lines(before, alone, question) if line in lines}
    return lines


def _text(data):
    try:
        return None if b"\0" in data[:8000] else data.decode()
    except UnicodeDecodeError:
        return None


def _without_leaks(texts, telling, changed):
    """Takes out of pages the blocks, and of tests the sources, that hold a line of a solution."""
    for file in sorted(texts):
        if file.endswith(".md"):
            texts[file] = leaks.without_blocks(file, texts[file], telling, changed, texts)
            continue
        found = None if file in changed else leaks.told(texts[file], telling)
        if not found:
            continue
        if not file.startswith("tests/"):
            raise CourseError(f"{found[0]}: {file} has \"{found[1]}\" of the solution, and is no test that can be left out")
        _leave_out(texts, file, found[0])


def _leave_out(texts, file, question):
    """Takes a test's source, or a header of tests, out of the tree and of the list of what is built."""
    name, listed = file.removeprefix("tests/"), "tests/CMakeLists.txt"
    if file not in texts:
        return  # another assignment had it taken out
    if name not in texts[listed] and not name.endswith(".h"):
        raise CourseError(f"{question}: {file} is not in {listed}, so it cannot be left out")
    del texts[file]
    texts[listed] = re.sub(rf"\s+{re.escape(name)}(?=[\s)])", "", texts[listed])


def _disabled(tests):
    lines = ["# Tests that cannot pass while the answers to the open questions are missing.",
             "foreach(test", *(f"    {test}" for test in tests), "  )", "  if(TEST ${test})",
             "    set_tests_properties(${test} PROPERTIES DISABLED ON)", "  endif()", "endforeach()"]
    return "\n".join(lines) + "\n"


def digests(tree):
    """A line for each file, as sha256sum -c reads them."""
    lines = [f"{hashlib.sha256(data).hexdigest()}  {file}\n" for file, data in sorted(tree.items())
             if file not in (STUDENT, DIGESTS)]
    return "".join(lines).encode()


def set_mode(root, file, path):
    source = Path(root) / file
    if source.exists() and os.access(source, os.X_OK):
        path.chmod(0o755)


def want_new(target):
    """The folder beside `target` in which a tree is made before it gets its name."""
    target = Path(target)
    if target.exists() or target.is_symlink():
        raise CourseError(f"{target} is there already")
    partial = target.with_name(target.name + ".partial")
    if partial.exists():
        raise CourseError(f"{partial} is there, of an export that did not end: remove it")
    return partial


def export(root, tree, target):
    """Writes the tree into a new folder."""
    target, partial = Path(target), want_new(target)
    try:
        partial.mkdir(parents=True)
        for file, data in tree.items():
            path = partial / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            set_mode(root, file, path)
        partial.rename(target)
    except OSError as error:
        raise CourseError(f"{target} cannot be written: {error.strerror}") from None
    finally:  # nothing half-written, also after Ctrl-C
        shutil.rmtree(partial, ignore_errors=True)
