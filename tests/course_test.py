#!/usr/bin/env python3
"""The course of docs/course: a student tree is the same each time, tells no answer, compiles, and scores 0; a question
that is put back moves its own points; a known mistake gets its hint; hostile answers have no points and harm nothing; wrong
calls end with one line and exit code 2. Wants Debian's python3-clang and bubblewrap's walls, else 77.

    course_test.py            all tests below; course_whole_test.py and course_grade_test.py have those that take longer
    course_test.py NAME...    the first one, and others by name
"""

import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

sys.dont_write_bytecode = True

PYTHON = "/usr/bin/python3"
ROOT = Path(__file__).resolve().parents[1]
COURSE = ROOT / "docs/course"
sys.path.insert(0, str(COURSE))  # what is tested here without the command: golden, judge, walls
LIBRARY = ("autograd/", "nn/", "lora/", "data/", "experiments/")
WORK = CACHE = STUDENT = None  # the folders of this run
failures = []


def expect(condition, what):
    if not condition:
        failures.append(what)
        print(f"FAILED: {what}", flush=True)


def call(tree, *arguments):
    """Exit code and output of the course's command in a tree."""
    environment = {**os.environ, "LOWRANK_COURSE_CACHE": str(CACHE), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([PYTHON, tree / "docs/course/course.py", *map(str, arguments)], capture_output=True, text=True,
                          env=environment, check=False)
    return done.returncode, done.stdout, done.stderr


def contents(tree):
    return {path.relative_to(tree).as_posix(): (path.read_bytes(), path.stat().st_mode & 0o111)
            for path in sorted(tree.rglob("*")) if path.is_file()}


def points(output):
    """{question: points} of what check printed."""
    return {name: float(got) for name, got in re.findall(r"^(a\d\.q\d+) +([\d.]+) of", output, re.MULTILINE)}


def with_needed(question):
    """A question, and those that must be written too before it can be checked."""
    return [question, *(questions()[name][1] for name in question.get("needs", []))]


def names():
    return list(dict.fromkeys(assignment["id"] for assignment, _ in questions().values()))


@functools.cache
def questions():
    """{name: (assignment, question)} of the manifest."""
    listed = json.loads((COURSE / "manifest.json").read_text())["assignments"]
    return {question["id"]: (assignment, question) for assignment in listed for question in assignment["questions"]}


def with_holes():
    """{name: question} of those that a program marks."""
    return {name: question for name, (_, question) in questions().items() if question.get("holes")}


def files_of(*asked):
    """The files that have the holes of these questions."""
    return {hole["file"] for question in asked for hole in question["holes"]}


@contextmanager
def unchanged_afterwards(tree, files):
    """These files of a tree are put back at the end."""
    kept = {file: (tree / file).read_bytes() for file in files}
    try:
        yield
    finally:
        for file, data in kept.items():
            (tree / file).write_bytes(data)


def refuses(tree, word, *arguments):
    """One line on standard error, exit code 2, and nothing else said."""
    code, out, err = call(tree, *arguments)
    expect(code == 2 and not out and err.count("\n") == 1 and word in err, f"{arguments}: {code} {out!r} {err!r}, not {word!r}")


# ---- what is tested, in this order ----


def export_twice():
    """Two exports are equal byte for byte."""
    for target in (STUDENT, WORK / "again"):
        code, out, err = call(ROOT, "export", target, "--student", "s1")
        expect(code == 0 and not err, f"export: {code} {out} {err}")
    expect(contents(STUDENT) == contents(WORK / "again"), "two exports differ")
    expect(not (WORK / "student.partial").exists() and not (STUDENT / ".git").exists(), "a leftover of the export")
    state = json.loads((STUDENT / "docs/course/student.json").read_text())
    expect(state["student"] == "s1" and state["assignments"] == names(), f"student.json: {state}")
    shutil.rmtree(WORK / "again")


def nothing_is_told():
    """No removed line that the library does not have elsewhere stands anywhere in the tree."""
    plain = lambda line: " ".join(line.split())  # noqa: E731
    lines = lambda path: {plain(line) for line in path.read_text(errors="replace").split("\n")}  # noqa: E731
    removed, kept = set(), ""
    for file in contents(STUDENT):
        if file.endswith((".cpp", ".h")) and file.startswith((*LIBRARY, "docs/course/own/")):
            there = lines(STUDENT / file)
            removed |= lines(ROOT / file) - there
            if file.startswith(LIBRARY):
                kept += plain((STUDENT / file).read_text()) + "\n"
    loop = re.compile(r"for \(\w+ \w+ = 0; \w+ < [\w.()]+; \+\+\w+\) \{?|\w+ \w+ = 0;")
    telling = {line for line in removed if len(line) >= 12 and re.search("[A-Za-z]", line)
               and not loop.fullmatch(line) and line not in kept}
    expect(len(telling) > 60, f"only {len(telling)} telling lines: is anything cut out?")
    for file, (data, _) in contents(STUDENT).items():
        text = plain(data.decode(errors="replace"))
        found = [line for line in telling if line in text]
        expect(not found, f"{file} tells: {found[:2]}")
    for secret in ("wrong", "draw", "engines", "second", "hostile", "instructor.md", "golden.py"):
        expect(not (STUDENT / "docs/course" / secret).exists(), f"docs/course/{secret} was exported")


def pages_are_true():
    """Every question has its heading, its function and its file on the page, and what a page names is there."""
    listed = (ROOT / "run").read_text()
    for name, (assignment, question) in questions().items():
        page = (COURSE / assignment["page"]).read_text()
        _, _, section = page.partition(f"\n### {name.partition('.')[2]}\n")
        section = " ".join(section.partition("\n##")[0].split())
        expect(section, f"{assignment['page']} has no heading for {name}")
        expect(f"({question['points']} points)" in section, f"{assignment['page']}: {name} has other points")
        for hole in question.get("holes", []):
            expect(hole.get("whole") or f"`{hole['function']}`" in section, f"{assignment['page']}: {name} names no {hole}")
            expect(f"`{hole['file']}`" in page, f"{assignment['page']} does not name {hole['file']}")
        for wrong in question.get("wrong", []):
            expect((COURSE / "wrong" / wrong).is_file(), f"{wrong} is not there")
        expect(name not in with_holes() or len(question["wrong"]) >= 2, f"{name} has fewer than two known wrong bodies")
        for needed in question.get("needs", []):
            expect(needed.partition(".")[2] in section + page.partition("### q1\n")[0], f"{assignment['page']}: {name} needs {needed}")
    for assignment in {id(pair[0]): pair[0] for pair in questions().values()}.values():
        page = (COURSE / assignment["page"]).read_text()
        total = sum(question["points"] for question in assignment["questions"])
        expect(f"**Points:** {total}." in page, f"{assignment['page']}: the questions have {total} points")
        for heading in ("What to read", "On paper first", "Questions", "How to run", "Three common failures",
                        "What to hand in", "A stretch"):
            expect(f"\n## {heading}\n" in page, f"{assignment['page']} has no section {heading}")
        expect(f"**Hours:** {assignment['hours']}." in page, f"{assignment['page']} says other hours")
        for file in re.findall(r"`([a-z_/]+/[\w/.]+\.(?:h|cpp|py|md))`", page):
            expect((ROOT / file).exists() and (STUDENT / file).exists(), f"{assignment['page']} names {file}")
        for command in re.findall(r"^\./run ([a-z]+) ", page, re.MULTILINE):
            expect(f"\n  {command} " in listed, f"{assignment['page']} calls ./run {command}")
        for word in re.findall(r"\./run course check (a[\d.q]+)", page):
            expect(word in questions() or word == assignment["id"], f"{assignment['page']} checks {word}")


FEW = ("a0", "a1")  # the assignments that are compiled here; course_whole_test.py has all


def stripped_scores_nothing(assignments=FEW):
    """Everything compiles, and every question says which it is."""
    out = ""
    for assignment in assignments:
        code, said, err = call(STUDENT, "check", assignment)
        expect(code == 1 and not err, f"check {assignment}: {code} {err}")
        out += said
    asked = {name: question for name, (one, question) in questions().items() if one["id"] in assignments}
    by_program = {name for name, question in asked.items() if question.get("kind") in (None, "files")}
    expect(set(points(out)) == by_program and not any(points(out).values()), f"the stripped tree: {points(out)}")
    for name, question in with_holes().items():
        if name not in asked:
            continue
        page = questions()[name][0]["page"]
        messages = [f"{other['id']} is not written yet: docs/course/{page}#{other['id'].partition('.')[2]}"
                    for other in with_needed(question)]
        said = re.search(rf"^{re.escape(name)} .*\n +(.*)$", out, re.MULTILINE)
        expect(said and said.group(1) in messages, f"{name} says {said and said.group(1)!r}, not one of {messages}")
    expect("ended by" not in out, f"a crash: {out}")


def answers():
    """What writes answers into trees: a module that wants libclang."""
    from course_answers import Answers

    return Answers(CACHE)


def one_question_alone():
    """The first question of an assignment is put back, and nothing else of it moves."""
    listed = answers()
    for assignment in FEW:
        question = with_holes()[f"{assignment}.q1"]
        with unchanged_afterwards(STUDENT, files_of(question)):
            listed.library(STUDENT, question)
            code, out, _ = call(STUDENT, "check", assignment)
        moved = {name: got for name, got in points(out).items() if got}
        expect(code == 1 and moved == {question["id"]: question["points"]}, f"put back: {moved}")


MISTAKES = ("a0.q2-one-sum", "a1.q3-not-transposed", "a1.q5-no-factor")


def known_mistakes():
    """Three known mistakes cost their question points and get their hint, and what is no C++ gets the compiler's word."""
    import golden

    listed = answers()
    for mistake in MISTAKES:
        name = mistake.partition("-")[0]
        question = questions()[name][1]
        changed, hint = golden.with_wrong(listed.reader, ROOT, question, mistake + ".txt")
        with unchanged_afterwards(STUDENT, changed):
            for file, text in changed.items():
                (STUDENT / file).write_text(text)
            code, out, _ = call(STUDENT, "check", name)
        expect(code == 1 and points(out)[name] < question["points"] and f"probable cause: {hint}\n" in out, f"{mistake}: {out}")
    question = questions()["a1.q3"][1]
    with unchanged_afterwards(STUDENT, files_of(question)):
        listed.put(STUDENT, question, {"Matmul::backward": "{\n    this is no C++;\n  }"})
        code, out, _ = call(STUDENT, "check", "a1.q3")
    expect(code == 1 and points(out) == {"a1.q3": 0} and "autograd/ops_linear.cpp:" in out and "error:" in out, out)


def hostile_answers_have_none():
    """What is meant to break out, to fake or never to end has no points, is told why, and leaves nothing behind."""
    from judge import Judge
    from walls import missing_walls

    if missing_walls():
        print(f"  left out: no walls against {', '.join(missing_walls())}")
        return
    listed, judge = answers(), Judge(ROOT, CACHE, seconds=1)
    kept = {path: path.read_bytes() for path in sorted(COURSE.rglob("*")) if path.is_file()}
    def judged(path):
        name = re.match(r"question: (.*)\n", path.read_text()).group(1)
        question, tree = questions()[name][1], WORK / "hostile" / path.stem
        for file in (question["holes"][0]["file"], "docs/course/student.json"):
            (tree / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(STUDENT / file, tree / file)
        listed.from_file(tree, question, path)
        return path.stem, list(judge.grade(tree, "s1", {name}))

    with ThreadPoolExecutor(2) as pool:
        for name, marks in pool.map(judged, sorted((COURSE / "hostile").glob("*.txt"))):
            expect(len(marks) == 2 and sum(mark.points for mark in marks) == 0, f"{name} has points: {marks}")
            expect(all(mark.says for mark in marks), f"{name}: nothing is said")
    expect(all(path.read_bytes() == data for path, data in kept.items()), "a file of the course was changed")
    left = subprocess.run(["pgrep", "-f", str(CACHE / "programs")], capture_output=True, text=True, check=False).stdout
    expect(not left, f"processes are left: {left}")


def next_assignment():
    """What a student wrote stays, and the rest is as a fresh export has it."""
    tree = WORK / "a0"
    expect(call(ROOT, "export", tree, "--assignments", "a0")[0] == 0, "export of a0")
    library = (ROOT / "autograd/ops_linear.cpp").read_bytes()
    expect((tree / "autograd/ops_linear.cpp").read_bytes() == library, "a0 cuts the library")
    refuses(tree, "a1 is not open in this tree", "check", "a1.q2")
    own = tree / "docs/course/own/a0_tooling.cpp"
    own.write_text(own.read_text().replace("// your helpers for a0.q2\n", "// your helpers for a0.q2\nstatic int helper = 1;\n"))
    answers().library(tree, questions()["a0.q2"][1])
    written = own.read_bytes()
    (tree / "notes.txt").write_text("mine\n")
    before = contents(tree)
    refuses(ROOT, "no assignment 'a9'; there are: a0 a1 ", "next", "a9", tree)
    refuses(ROOT, "a0 is open", "next", "a0", tree)
    refuses(ROOT, "is no student tree", "next", "a1", WORK)
    refuses(ROOT, "open in", "next", "a1", tree, "--reference", "a1")
    state = tree / "docs/course/student.json"
    kept = state.read_text()
    state.write_text(kept.replace('"version": "', '"version": "0'))
    refuses(ROOT, "was exported from version", "next", "a1", tree)
    state.write_text(kept)
    own.write_bytes(written.replace(b"// your helpers for a0.q3\n", b""))
    refuses(ROOT, "a0.q3: docs/course/own/a0_tooling.cpp: the two lines", "next", "a1", tree)
    own.write_bytes(written)
    expect(contents(tree) == before, "a refused next has changed the tree")
    code, out, err = call(ROOT, "next", "a1", tree)
    expect(code == 0 and not err, f"next: {code} {out} {err}")
    expect(own.read_bytes() == written and (tree / "notes.txt").is_file(), "next has changed what the student wrote")
    call(ROOT, "export", WORK / "both", "--assignments", "a0,a1")
    both, opened = contents(WORK / "both"), contents(tree)
    same = {file for file in both if opened.get(file) == both[file]}
    expect(set(both) - same == {"docs/course/own/a0_tooling.cpp", "docs/course/student.json"} and
           set(opened) - set(both) == {"notes.txt"}, f"next and export differ in {sorted(set(both) - same)[:5]}")


def next_where_all_is_open():
    """What is cut beside a1 comes back with a2, also where both were opened at once; then a2 is open."""
    tree = WORK / "open"
    call(ROOT, "export", tree, "--assignments", "a1,a2")
    cut = "MatmulNT::backward comes with the next assignment: ./run course next a2"
    expect(cut in (tree / "autograd/ops_linear.cpp").read_text(), "nothing is cut beside a1")
    code, _, err = call(ROOT, "next", "a2", tree)
    left = (tree / "autograd/ops_linear.cpp").read_text()
    expect(code == 0 and cut not in left and "a1.q3 is not written yet" in left, f"next a2: {code} {err}")
    refuses(ROOT, "a2 is open", "next", "a2", tree)


def bad_input():
    """One line, exit code 2, nothing half-written."""
    before = sorted(path.name for path in WORK.iterdir())
    refuses(ROOT, "is there already", "export", STUDENT)
    refuses(ROOT, "no assignment 'b1'; there are: a0 a1 ", "export", WORK / "new", "--assignments", "a0,b1")
    refuses(ROOT, "--student takes letters", "export", WORK / "new", "--student", "two words")
    refuses(ROOT, "no question 'a1.q77'; there are: a1.q1 a1.q2", "check", "a1.q77")
    refuses(ROOT, "no assignment 'x'", "check", "x")
    refuses(STUDENT, "this is a student tree", "export", WORK / "new")
    refuses(STUDENT, "this is a student tree", "next", "a1", STUDENT)
    (WORK / "new.partial").mkdir()
    refuses(ROOT, "of an export that did not end", "export", WORK / "new")
    (WORK / "new.partial").rmdir()
    (WORK / "file").touch()
    refuses(ROOT, "cannot be written: Not a directory", "export", WORK / "file" / "new")
    (WORK / "file").unlink()
    copy = WORK / "copy"
    ours = {file: data for file, (data, _) in contents(COURSE).items()}
    for file, data in ours.items():
        (copy / "docs/course" / file).parent.mkdir(parents=True, exist_ok=True)
        (copy / "docs/course" / file).write_bytes(data)
    (copy / "autograd").mkdir()
    for path in (ROOT / "autograd").iterdir():
        shutil.copy(path, copy / "autograd")
    manifest = copy / "docs/course/manifest.json"
    for old, new, word in (
            ("Multiply::backward", "Multiplied::backward", "ops_elementwise.cpp: Multiplied::backward is not there"),
            ("Multiply::backward", "backward", "ops_elementwise.cpp: backward is there 8 times (lines "),
            ("Tape::backward(Var, const Tensor &)", "Tape::backward", "tape.cpp: Tape::backward is there twice (lines "),
            ('"format": 1', '"format": 2', "has the format 2"), ("{", "", "cannot be read")):
        manifest.write_text(ours["manifest.json"].decode().replace(old, new, 1))
        refuses(copy, word, "export", WORK / "new", "--assignments", "a0,a1")
    shutil.rmtree(copy)
    expect(sorted(path.name for path in WORK.iterdir()) == before, "something was half-written")


TESTS = [export_twice, nothing_is_told, pages_are_true, stripped_scores_nothing, one_question_alone, known_mistakes,
         next_assignment, next_where_all_is_open, bad_input, hostile_answers_have_none]


def run(tests):
    """Calls the tests in a temporary folder; the exit code."""
    global WORK, CACHE, STUDENT
    if sys.executable != PYTHON:
        os.execv(PYTHON, [PYTHON, *sys.argv])  # the one that has libclang
    if subprocess.run([PYTHON, "-c", "import clang.cindex"], capture_output=True, check=False).returncode != 0:
        print("skipped: no /usr/bin/python3 with python3-clang")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        WORK, CACHE = Path(folder), Path(os.environ.get("LOWRANK_COURSE_CACHE") or Path(folder) / "cache")
        CACHE.mkdir(exist_ok=True)
        STUDENT = WORK / "student"
        for test in tests:
            print(f"{test.__name__}: {test.__doc__}", flush=True)
            test()
    print(f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    named = sys.argv[1:]
    sys.exit(run([test for test in TESTS if not named or test is export_twice or test.__name__ in named]))
