"""Compiles translation units one by one and links a probe. Objects are kept by the text they were made from.

A Builder reads headers from one tree. The text of any source may be another than that in the tree, which is how a grader
compiles a student's body against the reference: compile(file, text) beside the objects of all other files.
"""

import hashlib
import os
import re
import signal
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from holes import CourseError
from reader import EIGEN, FLAGS, beside

COMPILER = os.environ.get("CXX") or "g++"
WARNINGS = ["-O0", "-Wall", "-Wextra", "-Wno-unused-function"]
# Eigen asks for 16 bytes, which malloc gives anyway, so that no margin of its own is around a matrix.
SANITIZERS = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g", "-DEIGEN_MALLOC_ALREADY_ALIGNED=1",
              "-UEIGEN_MAX_ALIGN_BYTES", "-DEIGEN_MAX_ALIGN_BYTES=16"]
PRELUDE = "docs/course/probes/prelude.h"
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Object:
    """What came of compiling one file: a path, or the first error."""

    file: str
    path: Path = None
    error: str = ""


def plain(*command, **options):
    """How a command is run where nothing is to be feared of it."""
    return subprocess.run(command, capture_output=True, text=True, errors="replace", **options)


class Builder:
    """Compiles the files of the tree `root`, and keeps what it made in the folder `cache`."""

    def __init__(self, root, cache, jobs=None, flags=(), run=plain):
        self.root, self.cache = Path(root), Path(cache)
        self.jobs = jobs or int(os.environ.get("LOWRANK_COURSE_JOBS") or os.cpu_count() or 1)
        self.flags = [*FLAGS, *WARNINGS, *flags]
        self.run = run  # a grader puts its walls around the compiler here
        try:
            self.version = plain(COMPILER, "--version").stdout.splitlines()[:1]
        except OSError:
            raise CourseError(f"there is no compiler {COMPILER}") from None
        self.texts, self.objects = {}, {}  # by file, for as long as the Builder is there

    def _read(self, file):
        if file not in self.texts:
            path = self.root / file
            self.texts[file] = path.read_text(errors="replace") if path.is_file() else None
        return self.texts[file]

    def _included(self, text, seen):
        """Every header of the tree that a text includes, its own and theirs."""
        for name in INCLUDE.findall(text):
            for file in (name, f"docs/course/{name}"):
                inside = self._read(file)
                if inside is not None and file not in seen:
                    seen[file] = inside
                    self._included(inside, seen)
        return seen

    def _key(self, *parts):
        return hashlib.sha256("\0".join([*self.version, *self.flags, *parts]).encode()).hexdigest()[:32]

    def prelude(self):
        """The folder of what spares every file the reading of Eigen's headers."""
        text = self._read(PRELUDE)
        folder = self.cache / f"prelude-{self._key(text)}"
        if not (folder / "prelude.h.gch").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "prelude.h").write_text(text)
            partial = beside(folder / "prelude.h.gch")
            done = plain(COMPILER, *self.flags, "-isystem", EIGEN, "-x", "c++-header", folder / "prelude.h", "-o", partial)
            if done.returncode == 0:
                partial.rename(folder / "prelude.h.gch")
        return folder

    def compile(self, file, text=None):
        """The object of `file`, whose text may be another than that in the tree."""
        text = self._read(file) if text is None else text
        if text is None:
            return Object(file, error=f"{file} is not there")
        prelude = ["-I", str(self.prelude()), "-include", "prelude.h"]
        seen = self._included(text, {})
        headers = [f"{name}: {seen[name]}" for name in sorted(seen)]
        target = self.cache / "objects" / f"{self._key(file, text, *headers, self._read(PRELUDE))}.o"
        if target.is_file():
            return Object(file, target)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.cache) as folder:
            source, made = Path(folder) / Path(file).name, Path(folder) / "made.o"
            source.write_text(text)
            done = self.run(COMPILER, *self.flags, *prelude, f"-I{self.root}", f"-I{self.root}/docs/course",
                            "-isystem", EIGEN, "-c", str(source), "-o", str(made))
            if done.returncode != 0:
                return Object(file, error=self._first_error(done.stderr, source, file))
            made.rename(target)
        return Object(file, target)

    @staticmethod
    def _first_error(output, source, file):
        lines = [line for line in output.splitlines() if "error:" in line] or output.splitlines()[:1] or ["no message"]
        return lines[0].replace(str(source), file)

    def compile_all(self, files):
        """The objects of several files, some at a time."""
        self.prelude()
        new = [file for file in files if file not in self.objects]
        with ThreadPoolExecutor(self.jobs) as pool:
            self.objects.update(zip(new, pool.map(self.compile, new)))
        return [self.objects[file] for file in files]

    def program(self, files, replaced={}, theirs=None):
        """The program of some files, of which those in `replaced` ({file: text}) have another text; a grader's Builder `theirs`
        compiles these."""
        objects = self.compile_all([file for file in files if file not in replaced])
        objects += [(theirs or self).compile(file, text) for file, text in replaced.items()]
        for made in objects:
            if made.error:
                raise CourseError(made.error)
        return self.link(objects)

    def link(self, objects):
        """A program of the objects that were made. What the others would have defined is missing in it: whoever calls
        that ends with signal 11. Returns the path, or raises RuntimeError."""
        paths = [str(made.path) for made in objects if made.path]
        target = self.cache / "programs" / self._key(*paths)
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = beside(target)
            done = plain(COMPILER, *self.flags, "-no-pie", "-Wl,--unresolved-symbols=ignore-all", *paths, "-lfmt",
                         "-o", partial)
            if done.returncode != 0:
                raise RuntimeError(self._first_error(done.stderr, "", ""))
            partial.rename(target)
        return target


def run_program(program, text, seconds=20, run=plain):
    """Standard output of a program, and how it ended where it did not end by itself: "" or "signal 11"."""
    try:
        done = run(str(program), input=text, timeout=seconds)
    except subprocess.TimeoutExpired as late:
        out = late.stdout or b""
        return (out.decode(errors="replace") if isinstance(out, bytes) else out), f"no end after {seconds} s"
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        return done.stdout, f"ended by {name}" + (" (memory that is not there)" if name == "SIGSEGV" else "")
    return done.stdout, (_report(done.stderr) or f"ended with exit code {done.returncode}") if done.returncode else ""


def _report(errors):
    """What a sanitizer said before it ended the program, in a line; "" where none did."""
    said = re.search(r"ERROR: (AddressSanitizer: [\w-]+)|runtime error: (.*)", errors)
    if not said:
        return ""
    where = re.search(r"^ *#\d+ \S+ in ([\w:]+).*\.cpp:\d+$", errors, re.MULTILINE)  # the first that is not a header's
    return f"ended by {said[1] or f'UndefinedBehaviorSanitizer: {said[2]}'}" + (f" in {where[1]}" if where else "")
