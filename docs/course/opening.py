"""Opens the next assignment in a student's tree: what the student wrote stays."""

import hashlib
import json
import re
from pathlib import Path

import manifest
import tree
from holes import REGION, CourseError, graft, region, strip


def state_of(target):
    """What student.json says of a student tree; None where there is none."""
    try:
        state = json.loads((Path(target) / tree.STUDENT).read_text())
        if state["format"] == 1 and isinstance(state["assignments"], list) and state["version"]:
            return state
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise CourseError(f"{Path(target) / tree.STUDENT} cannot be read, or is of another format than 1")


def open_next(root, reader, assignments, name, target, reference):
    """Opens assignment `name` in the tree `target`, and puts back what was cut beside the assignments before it, also where it
    was opened together with them; the library's answers take the place of the student's in those
    named in `reference`. Returns lines about files that want a look."""
    target = Path(target)
    manifest.assignment_of(assignments, name)
    state = state_of(target)
    if state is None:
        raise CourseError(f"{target} is no student tree: it has no {tree.STUDENT}")
    ours = manifest.version(root, assignments)
    if state["version"] != ours:
        raise CourseError(f"{target} was exported from version {state['version']} of the course, and this is {ours}: "
                          "open the assignment with the checkout that it was exported from")
    names = manifest.names(assignments)
    behind = names[:names.index(name)]
    if name in state["assignments"] and not set(behind) & set(state["fresh"]):
        raise CourseError(f"{name} is open in {target} already")
    for other in reference:
        if other not in state["assignments"]:
            raise CourseError(f"--reference {other}: open in {target} are: {' '.join(state['assignments'])}")
    referenced = sorted({*state["referenced"], *reference})
    opened = [other for other in names if other in [*state["assignments"], name]]
    fresh = [other for other in opened if other not in behind and other in [*state["fresh"], name]]
    new = tree.make(root, reader, assignments, opened, referenced, fresh, state["student"])
    old_digests = _digests(target)
    grafted = _with_own_bodies(reader, root, target, assignments, state, referenced, new)
    outside = {file for file in grafted if _changed_outside(reader, target, assignments, state, file, old_digests)}
    return _write(root, target, new, {**new, **grafted}, old_digests, outside)


def _digests(target):
    try:
        lines = (target / tree.DIGESTS).read_text().splitlines()
    except OSError:
        raise CourseError(f"{target / tree.DIGESTS} is missing") from None
    return {file: digest for digest, _, file in (line.partition("  ") for line in lines)}


def _text(target, file, question):
    try:
        return (target / file).read_text()
    except FileNotFoundError:
        raise CourseError(f"{question}: {target / file} is missing") from None
    except (OSError, UnicodeDecodeError):
        raise CourseError(f"{question}: {target / file} cannot be read as text") from None


def _with_own_bodies(reader, root, target, assignments, state, referenced, new):
    """The files of the new tree that have holes, with what the student wrote."""
    grafted = {}
    for assignment in assignments:
        if assignment["id"] not in state["assignments"] or assignment["id"] in referenced:
            continue
        for question in assignment["questions"]:
            for file, holes in manifest.holes_of(question).items():
                theirs = _text(target, file, question["id"])
                base = grafted.get(file, new[file]).decode()
                grafted[file] = graft(reader, root, target, file, base, theirs, question["id"], holes).encode()
    return grafted


def _changed_outside(reader, target, assignments, state, file, old_digests):
    """Whether the student changed a file with holes elsewhere than in its bodies and regions."""
    opened = [name for name in state["assignments"] if name not in state["referenced"]]
    cuts = tree.cuts_of(assignments, opened, state["referenced"], state["fresh"])[file]
    if any(hole.get("whole") for _, hole, _, _ in cuts):
        return False
    text = strip(reader, target, file, _text(target, file, cuts[0][0]), cuts)
    for question in {question for question, _, _, has_region in cuts if has_region}:
        text = re.sub(REGION.format(re.escape(question)), lambda _: region(question), text, flags=re.DOTALL)
    return hashlib.sha256(text.encode()).hexdigest() != old_digests.get(file)


def _write(root, target, new, wanted, old_digests, outside):
    """Brings the tree up to date, all new files before the first is moved to its place."""
    lines, moves, gone = [], [], []
    for file, data in sorted(wanted.items()):
        path = target / file
        have = path.read_bytes() if path.is_file() else None
        if have == data:
            continue
        digest = hashlib.sha256(have).hexdigest() if have is not None else None
        has_holes = data is not new[file]
        unchanged = digest in (None, old_digests.get(file)) or file in (tree.STUDENT, tree.DIGESTS)
        if not unchanged and not has_holes and hashlib.sha256(data).hexdigest() == old_digests.get(file):
            continue  # changed by the student alone
        if file in outside or (not unchanged and not has_holes):
            moves.append((path.with_name(path.name + ".yours"), have, file))
            lines.append(f"{file}: what you changed beside the answers that stay is in {file}.yours")
        moves.append((path, data, file))
    for file, digest in old_digests.items():
        path = target / file
        if file not in wanted and path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            gone.append(path)
    partial = []
    try:
        for path, data, file in moves:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.append((path.with_name(path.name + ".partial"), path))
            partial[-1][0].write_bytes(data)
            tree.set_mode(root, file, partial[-1][0])
    except OSError as error:
        for made, _ in partial:
            made.unlink(missing_ok=True)
        raise CourseError(f"{target} cannot be written: {error.strerror}") from None
    for made, path in partial:
        made.rename(path)
    for path in gone:
        path.unlink()
    return lines
