"""Puts answers to questions of the course into a student's tree: the library's own, those of docs/course/second, and
those of docs/course/hostile. Wants the Python that has libclang.

An answer's file has parts:
    in: FILE: FUNCTION          a body (without its first lines and last brace where the hole begins "after" a line)
    helpers: FILE               what stands in the question's region
    whole: FILE                 the file
"""

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COURSE = ROOT / "docs/course"
sys.path.insert(0, str(COURSE))

import holes  # noqa: E402
from reader import Reader  # noqa: E402


class Answers:
    """Writes into trees; what it reads of sources is kept in the folder `cache`."""

    def __init__(self, cache):
        self.reader = Reader(cache)

    def bodies(self, tree, question):
        """{function: body} of the question's holes in a tree."""
        found = {}
        for hole in question["holes"]:
            if not hole.get("whole"):
                text = (tree / hole["file"]).read_text()
                function = holes.find(self.reader.functions(tree, hole["file"], text), text, question["id"], hole)
                found[hole["function"]] = text.encode()[slice(*function.body)].decode()
        return found

    def put(self, tree, question, bodies):
        """Writes bodies into the tree: {function: body}."""
        for hole in question["holes"]:
            if hole.get("function") in bodies:
                path = tree / hole["file"]
                text = path.read_text()
                function = holes.find(self.reader.functions(tree, hole["file"], text), text, question["id"], hole)
                body = bodies[hole["function"]].encode()
                path.write_bytes(holes.edited(text.encode(), [(*function.body, body)]))

    def library(self, tree, question):
        """The library's own answer. Helpers that only a whole file has come with it."""
        for hole in question["holes"]:
            if hole.get("whole"):
                shutil.copy(ROOT / hole["file"], tree / hole["file"])
        self.put(tree, question, self.bodies(ROOT, question))

    def from_file(self, tree, question, path):
        """The answer in a file of the form above."""
        parts = re.split(r"^(in|helpers|whole): (.*)\n", path.read_text(), flags=re.MULTILINE)
        for kind, where, text in zip(parts[1::3], parts[2::3], parts[3::3]):
            file, _, function = where.partition(": ")
            if kind == "whole":
                (tree / file).write_text(text)
            elif kind == "helpers":
                line, whole = f"// your helpers for {question['id']}\n", (tree / file).read_text()
                assert whole.count(line) == 1, f"{path.name}: {file} has no region of {question['id']}"
                (tree / file).write_text(whole.replace(line, line + text))
            else:
                hole = next(hole for hole in question["holes"] if hole.get("function") == function)
                body = text.rstrip("\n")
                if "after" in hole:
                    kept = holes.kept_part(self.bodies(ROOT, question)[function], hole, question["id"])
                    body = f"{kept}{body}\n}}"
                self.put(tree, question, {function: body})
