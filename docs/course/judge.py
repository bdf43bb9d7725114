"""Grades a student's tree: each question alone, behind walls.

The student's bodies and helpers of one question are put into the reference's files. What comes of it is compiled in a box
that holds headers and nothing else, linked with the reference's objects, and run in a box on inputs that are drawn from
the ID. The outputs are compared here: no expected value, mark or seed is in a process that runs a student's code.
"""

import json
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import cases
import check
import golden
import manifest
import opening
from build import SANITIZERS, Builder
from holes import CourseError, graft
from reader import Reader, function_from_json
from rerun import NotMarked
from sheets import Mark
from walls import COMPILING, SANITIZED, Box, Limits, missing_walls

PUBLIC_SHARE = 0.4  # of a question's points; the rest is for inputs that are not in the student's tree
READING = Limits(seconds=60, memory=4 << 30, file_bytes=64 << 20)
FLAGS = {False: (), True: SANITIZERS}  # by whether the sanitizers watch
HEADERS = ("autograd", "nn", "lora", "data", "docs/course/own", "docs/course/probes")


class Walls:
    """Runs what is a student's, each time in a box of its own that can read the named paths."""

    def __init__(self, readable=(), trusted=False, limits=Limits()):
        self.readable, self.trusted, self.limits = readable, trusted, limits

    def in_box(self, folder, command, limits, text=""):
        return Box(Path(folder), self.readable, self.trusted).run(command, limits, text)

    def compile(self, *command):
        """In the place of build.plain: the compiler writes beside its source."""
        ended = self.in_box(Path(command[-1]).parent, command, COMPILING)
        errors = ended.errors if "error:" in ended.errors or not ended.reason else f"error: {ended.reason}"
        return subprocess.CompletedProcess(command, 1 if ended.reason else 0, ended.output, errors)

    def run(self, *command, input, timeout):
        """In the place of build.plain: a probe, which writes nothing."""
        with fresh_folder() as folder:
            program = folder / "program"  # where it was made others may not enter
            shutil.copy(command[0], program)
            ended = self.in_box(folder, [program, *command[1:]], replace(self.limits, seconds=timeout), input)
        if ended.reason.startswith("longer"):
            raise subprocess.TimeoutExpired(command, timeout, ended.output.encode())
        killed = ended.code > 128 and ended.reason.startswith("killed")
        return subprocess.CompletedProcess(command, 128 - ended.code if killed else ended.code, ended.output, ended.errors)


@contextmanager
def fresh_folder():
    """One that others may enter, since the box is not of this user where that is root."""
    with tempfile.TemporaryDirectory(prefix="lowrank-course-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


class WalledReader(Reader):
    """Finds the functions in a student's text in a box: reading a text, too, may never end."""

    def __init__(self, cache, headers, trusted):
        super().__init__(cache)
        self.headers, self.walls = headers, Walls((headers, self.cache), trusted)

    def functions(self, root, file, text):
        self.prepare(self.headers)
        with fresh_folder() as folder:
            shutil.copyfile(Path(__file__).with_name("reader.py"), folder / "reader.py")
            (folder / "text").write_text(text)
            command = ["/usr/bin/python3", "-B", "reader.py", self.headers, file, "text", self.cache]
            ended = self.walls.in_box(folder, command, READING)
        try:
            return [function_from_json(entry) for entry in json.loads(ended.output)]
        except (ValueError, TypeError):
            why = ended.errors.strip().splitlines()[-1:] or ["no list of functions"]
            raise CourseError(f"{file} cannot be read: {ended.reason or why[0]}: {why[0]}") from None


class Judge:
    """Grades trees against the reference tree `root`; `cache` keeps the reference's objects between calls."""

    def __init__(self, root, cache, trusted=False, seconds=20, rerun=None):
        self.missing = missing_walls()
        if self.missing and not trusted:
            raise CourseError(f"this machine gives no walls against: {', '.join(self.missing)}; "
                              "--trusted goes on without them")
        self.root, self.cache = Path(root), Path(cache)
        self.assignments = manifest.load(root)
        self.reader = Reader(cache)
        self.builders = {sanitizers: Builder(root, cache, flags=flags) for sanitizers, flags in FLAGS.items()}
        self.trusted = bool(self.missing)
        self.seconds = seconds  # that a probe may take
        self.rerun = rerun  # makes a run of a sweep again
        self.notes, self.by_hand = [], []  # of the last tree: what is to be said, and the questions that no program marks
        self.shared = tempfile.TemporaryDirectory(prefix="lowrank-course-")  # for all trees: what no answer is in
        Path(self.shared.name).chmod(0o755)  # others may enter it, as a fresh_folder
        self.headers = self._headers(Path(self.shared.name) / "headers")
        self.reading = WalledReader(Path(self.shared.name) / "read", self.headers, self.trusted)

    def grade(self, tree, student, only=None):
        """The marks of a tree, in the order of the manifest; of the questions named in `only` where that is given."""
        tree = Path(tree)
        state = opening.state_of(tree)
        if state is None:
            raise CourseError(f"{tree} is no student tree: it has no docs/course/student.json")
        if state["student"] not in (None, student):
            raise CourseError(f"{tree} is of the student {state['student']}, not {student}")
        asked = [(assignment, question) for assignment in self.assignments for question in assignment["questions"]
                 if assignment["id"] in state["assignments"] and assignment["id"] not in state["referenced"]
                 and (only is None or question["id"] in only)]
        self.notes = [f"Graded without walls against: {', '.join(self.missing)}."] if self.missing else []
        self.by_hand = []
        with fresh_folder() as folder:
            sanitizers = {assignment.get("sanitizers", False) for assignment, question in asked if question["holes"]}
            theirs = {some: self._builder_of_theirs(folder / "made", some) for some in sanitizers | {False}}
            for assignment, question in asked:
                if question["holes"]:
                    yield from self._marks(tree, student, assignment, question, theirs)
                else:
                    yield from self._without_code(tree, student, assignment, question)

    def _builder_of_theirs(self, made, sanitizers):
        """What compiles a student's texts behind walls, and makes its objects in the folder `made`."""
        prelude = self.builders[sanitizers].prelude()
        shutil.copytree(prelude, made / prelude.name)  # made once, of the same header with the same options
        walls = Walls((self.headers, made), self.trusted)
        return Builder(self.headers, made, jobs=1, flags=FLAGS[sanitizers], run=walls.compile)

    def _without_code(self, tree, student, assignment, question):
        """The mark of files, and of a run that is made again."""
        kind = question.get("kind")
        if kind == "files":
            result = check.of_files(tree, assignment, question, student)
            yield Mark(question["id"], question["title"], result.points, question["points"], result.note)
        elif kind == "rerun" and self.rerun:
            try:
                yield self.rerun.mark(tree, student, question, manifest.constants(assignment, student))
            except NotMarked as why:
                self.by_hand.append(question)
                self.notes.append(f"{question['id']} is not marked: {why}.")
        else:
            self.by_hand.append(question)

    def _headers(self, target):
        """The headers that a student's code may include, and no source: that would be the answer."""
        for name in HEADERS:
            for header in sorted((self.root / name).rglob("*.h")):
                place = target / header.relative_to(self.root)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(header, place)
        return target

    def _marks(self, tree, student, assignment, question, theirs):
        """The mark for the public inputs and that for others."""
        begun, public = time.monotonic(), round(PUBLIC_SHARE * question["points"], 2)
        parts = [(public, False), (round(question["points"] - public, 2), True)]
        try:
            programs = self._programs(tree, assignment, question, theirs)
            given = [check.public(self.root, question), self._hidden(assignment, question, student)]
            limits = [Limits(), SANITIZED if assignment.get("sanitizers") else Limits()]
            results = [check.judge(question | {"points": most}, program, some, self.seconds,
                                   Walls((), self.trusted, limit).run)
                       for (most, _), program, some, limit in zip(parts, programs, given, limits)]
            says = [f"{results[0].note}\n{results[0].hint}".strip(), self._of_hidden(*results)]
            points = [result.points for result in results]
        except (CourseError, RuntimeError) as error:
            says, points = [str(error)] * 2, [0, 0]
        for (most, hidden), got, said in zip(parts, points, says):
            yield Mark(question["id"], question["title"], got, most, said, hidden, (time.monotonic() - begun) / 2)

    @staticmethod
    def _of_hidden(public, hidden):
        """What a student is told of inputs that nobody shows."""
        if not hidden.note:
            return ""
        crash = next((f"with other inputs that the page allows: {answer['ended']}" for answer in hidden.answers
                      if "ended" in answer), "")
        return hidden.hint or public.hint or public.note or crash or (
            "some outputs differ, though the public ones agree: which inputs that the page allows are not among those?")

    def _hidden(self, assignment, question, student):
        """Cases drawn from the ID, with the reference's answers."""
        drawn = golden.draw(self.root, assignment, question, student)
        program = golden.program_with(self.builders[False], assignment, question, probe=question.get("hidden_probe"))
        return {"cases": drawn, "expected": cases.answers(program, drawn), "wrong": []}

    def _programs(self, tree, assignment, question, theirs):
        """The probes for public and for other inputs, with this question's bodies of the tree. The sanitizers watch the
        second where the assignment says so: what they find, public inputs may not show."""
        grafted = {file: self._grafted(tree, file, question["id"], holes) for file, holes in manifest.holes_of(question).items()}
        probes = ((None, False), (question.get("hidden_probe"), assignment.get("sanitizers", False)))
        return [self.builders[some].program(manifest.sources_of(self.root, assignment, question, probe), grafted, theirs[some])
                for probe, some in probes]

    def _grafted(self, tree, file, question, holes):
        path = tree / file
        if path.is_symlink() or not path.is_file():
            raise CourseError(f"{file} is missing")
        try:
            text = path.read_text()
        except (OSError, UnicodeDecodeError):
            raise CourseError(f"{file} cannot be read as text") from None
        readers = TwoReaders(self.reader, self.reading, tree)
        return graft(readers, self.root, tree, file, (self.root / file).read_text(), text, question, holes)


@dataclass
class TwoReaders:
    """Reads the reference here and the student's tree behind walls."""

    here: Reader
    walled: Reader
    tree: Path

    def functions(self, root, file, text):
        return (self.walled if root == self.tree else self.here).functions(root, file, text)
