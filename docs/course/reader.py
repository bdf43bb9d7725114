"""The functions of a source, found by libclang."""

import hashlib
import json
import os
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

FLAGS = ["-std=c++20", "-DLOWRANK_DOUBLE", "-DEIGEN_MAX_ALIGN_BYTES=64", "-DEIGEN_DONT_PARALLELIZE"]
EIGEN = "/usr/include/eigen3"


def beside(path):
    """Where a file is written before it gets its name: no other process or thread writes there."""
    return path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")


def without_namespaces(parameters):
    return re.sub(r"\w+::", "", parameters).replace(" ", "")


@dataclass(frozen=True)
class Function:
    """A definition in a file; places are offsets in its bytes."""

    name: str  # with namespaces and classes: autograd::f64::Multiply::backward
    parameters: str  # as the compiler writes them: Context &
    names: tuple  # of the parameters that have one
    local: bool  # seen in this file only
    body: tuple  # from { to behind }
    outer: tuple  # the struct or function in a namespace that it belongs to
    begin: int = 0  # of the definition itself

    def fits(self, wanted):
        """Whether `wanted` means it: the end of its name, and the parameters where it has any."""
        name, _, parameters = wanted.partition("(")
        if not ("::" + self.name).endswith("::" + name.strip()):
            return False
        return not parameters or without_namespaces(parameters.rstrip(") ")) == without_namespaces(self.parameters)


class Reader:
    """Reads the functions of sources. What it found is kept in the folder `cache` by the text it was found in."""

    def __init__(self, cache):
        self.cache = Path(cache)
        self.index = None
        self.prelude = []

    def functions(self, root, file, text):
        """The definitions in `text`, which stands for the file of that name in the tree `root`."""
        key = hashlib.sha256("\0".join(["2", file, *FLAGS, text]).encode()).hexdigest()[:32]
        kept = self.cache / "functions" / f"{key}.json"
        if kept.is_file():
            return [function_from_json(entry) for entry in json.loads(kept.read_text())]
        found = self._parse(Path(root), file, text)
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = beside(kept)
        partial.write_text(json.dumps([asdict(function) for function in found]))
        partial.rename(kept)
        return found

    def read_all(self, root, texts):
        """Reads the {file: text} that functions() will be asked for, some at a time."""
        self.prepare(root)
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            list(pool.map(lambda file: self.functions(root, file, texts[file]), texts))

    def prepare(self, root):
        """Reads Eigen's headers once, for all texts of this tree."""
        from clang import cindex  # late, so that what needs no libclang works without

        if self.index is None:
            self.index = cindex.Index.create()
            self.prelude = self._precompiled(root)

    def _parse(self, root, file, text):
        self.prepare(root)
        path = str(root / file)
        unit = self.index.parse(
            path, args=[*FLAGS, f"-I{root}", f"-I{root}/docs/course", "-isystem", EIGEN, "-x", "c++", *self.prelude],
            unsaved_files=[(path, text)])
        found = []
        _walk(unit.cursor, path, None, found)
        return found

    def _precompiled(self, root):
        """The arguments that spare every file the reading of Eigen's headers."""
        header = root / "docs/course/probes/prelude.h"
        if not header.is_file():
            return []
        key = hashlib.sha256(header.read_bytes()).hexdigest()[:16]
        target = self.cache / f"prelude-{key}.pch"
        if not target.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            copy = self.cache / f"prelude-{key}.h"
            copy.write_bytes(header.read_bytes())
            unit = self.index.parse(str(copy), args=[*FLAGS, "-isystem", EIGEN, "-x", "c++-header"], options=2)
            partial = beside(target)
            unit.save(str(partial))
            partial.chmod(0o644)  # a reader behind walls is another user
            partial.rename(target)
        return ["-include-pch", str(target)]


def function_from_json(entry):
    return Function(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})


def in_another_process(root, file, place, cache):
    """What a process behind walls prints: the functions of the text in the file `place`."""
    found = Reader(cache)._parse(Path(root), file, Path(place).read_text())
    print(json.dumps([asdict(function) for function in found]))


def _walk(cursor, path, outer, found):
    """Appends the definitions under `cursor` that stand in the file `path` itself."""
    for child in cursor.get_children():
        if not child.location.file or child.location.file.name != path:
            continue
        kind = child.kind.name
        here = outer
        if outer is None and kind not in ("NAMESPACE", "LINKAGE_SPEC"):
            here = child
        if kind in ("CXX_METHOD", "FUNCTION_DECL", "CONSTRUCTOR", "DESTRUCTOR", "FUNCTION_TEMPLATE", "CONVERSION_FUNCTION"):
            bodies = [part for part in child.get_children() if part.kind.name == "COMPOUND_STMT"]
            if child.is_definition() and bodies:
                found.append(_function(child, bodies[-1], here))
            continue
        _walk(child, path, here, found)


def _function(cursor, body, outer):
    parts, parent = [cursor.spelling], cursor.semantic_parent
    while parent is not None and parent.kind.name != "TRANSLATION_UNIT":
        if parent.spelling:
            parts.insert(0, parent.spelling)
        parent = parent.semantic_parent
    arguments = list(cursor.get_arguments())
    return Function(
        name="::".join(parts),
        parameters=", ".join(argument.type.spelling for argument in arguments),
        names=tuple(argument.spelling for argument in arguments if argument.spelling),
        local=cursor.linkage.name in ("INTERNAL", "UNIQUE_EXTERNAL", "NO_LINKAGE"),
        body=(body.extent.start.offset, body.extent.end.offset),
        outer=(outer.extent.start.offset, outer.extent.end.offset), begin=cursor.extent.start.offset)


if __name__ == "__main__":
    in_another_process(*sys.argv[1:])
