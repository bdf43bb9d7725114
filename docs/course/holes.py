"""Bodies of functions: to cut out, to put back, to move from one tree into another.

A hole is an entry of a question in manifest.json: {"file", "function"} or {"file", "whole": true}, perhaps with "after" (the
line of the body behind which the hole begins), "comment" (what the comment above says instead: that above the member, and
where it has none that above its struct) and "uses" (functions of the file that nothing else calls).
"""

import re


class CourseError(Exception):
    """What the user is told in one line, with exit code 2."""


def find(functions, text, question, hole):
    """The one function that the hole means."""
    fitting = [function for function in functions if function.fits(hole["function"])]
    if len(fitting) == 1:
        return fitting[0]
    where = f"{question}: {hole['file']}: {hole['function']} is"
    if not fitting:
        raise CourseError(f"{where} not there")
    data = text.encode()
    lines = ", ".join(str(data.count(b"\n", 0, function.body[0]) + 1) for function in fitting)
    raise CourseError(f"{where} there {'twice' if len(fitting) == 2 else f'{len(fitting)} times'} (lines {lines})")


def region(question, inside=""):
    """The place for helpers of a question."""
    return f"// your helpers for {question}\n{inside}// end of your helpers for {question}\n"


REGION = r"// your helpers for {0}\n(.*?)// end of your helpers for {0}\n"


def helpers(text, question):
    """What stands in the region of that question; None where the region is not there."""
    found = re.findall(REGION.format(re.escape(question)), text, re.DOTALL)
    return found[0] if len(found) == 1 else None


def above(data, begin):
    """Where the lines of comment above the declaration at `begin` start."""
    start = data.rfind(b"\n", 0, begin) + 1
    while start:
        line = data.rfind(b"\n", 0, start - 1) + 1
        if not data[line:start].lstrip().startswith(b"//") or data[line:start].startswith(b"// end of your helpers"):
            break
        start = line
    return start


def comment_of(data, begin):
    """The place of the comment above the declaration at `begin`, which is empty where there is none."""
    return above(data, begin), data.rfind(b"\n", 0, begin) + 1


def edited(data, edits):
    """The bytes with each (begin, end, bytes) replaced; no two overlap."""
    for begin, end, new in sorted(edits, reverse=True):
        data = data[:begin] + new + data[end:]
    return data


def kept_part(body, hole, question):
    """The part of a body before its hole, without the last brace."""
    if "after" not in hole:
        return "{\n"
    lines = body.split("\n")
    at = [i for i, line in enumerate(lines) if line.strip() == hole["after"]]
    if len(at) != 1:
        raise CourseError(f"{question}: {hole['file']}: {hole['function']} has {len(at) or 'no'} lines \"{hole['after']}\"")
    return "\n".join(lines[:at[0] + 1]) + "\n"


def stub(data, function, keep, message, uses=()):
    """A body that keeps its begin and throws. It names the functions in `uses`, so that no compiler calls them unused."""
    line = data[data.rfind(b"\n", 0, function.begin) + 1:function.body[0]].decode()
    indent = line[:len(line) - len(line.lstrip())]
    unused = "" if keep != "{\n" else "".join(f"{indent}  static_cast<void>({name});\n" for name in function.names)
    unused += "".join(f"{indent}  static_cast<void>(&{name});\n" for name in uses)
    return f"{keep}{unused}{indent}  throw std::logic_error(\"{message}\");\n{indent}}}".encode()


def strip(reader, root, file, text, cuts):
    """The text with its holes. `cuts` lists (question, hole, message, has a region for helpers)."""
    functions = reader.functions(root, file, text)
    data, edits, comments, regions = text.encode(), [], {}, {}
    for question, hole, message, has_region in cuts:
        if hole.get("whole"):
            return _strip_whole(data, functions, message)
        function = find(functions, text, question, hole)
        begin, end = function.body
        keep = kept_part(data[begin:end].decode(), hole, question)
        edits.append((begin, end, stub(data, function, keep, message, hole.get("uses", ()))))
        own, top = comment_of(data, function.begin), comment_of(data, function.outer[0])
        if "comment" in hole:
            place = own if own[0] < own[1] else top
            indent = re.match(rb" *", data[place[1]:]).group()
            comments[place] = b"".join(indent + line.encode() + b"\n" for line in hole["comment"].split("\n") if line)
        if has_region and f"// your helpers for {question}\n" not in text:
            regions.setdefault(question, top)
    for place in {*comments, *regions.values()}:
        new = "".join(region(question) + "\n" for question, there in regions.items() if there == place).encode()
        edits.append((*place, new + comments.get(place, data[slice(*place)])))
    return edited(data, edits).decode()


def _strip_whole(data, functions, message):
    """Every function throws, and those that only this file sees go."""
    edits = []
    for function in functions:
        if function.local:
            begin, end = above(data, function.outer[0]), function.outer[1]
            edits.append((begin, end + len(data[end:]) - len(data[end:].lstrip(b"\n")), b""))
        else:
            edits.append((*function.body, stub(data, function, "{\n", message)))
    return edited(data, edits).decode()


def graft(reader, base, other, file, base_text, other_text, question, holes):
    """The text of `file` in the tree `base` with the bodies and helpers of one question from that of `other`."""
    if any(hole.get("whole") for hole in holes):
        return other_text
    inside = helpers(other_text, question)
    if inside is None:
        raise CourseError(f"{question}: {file}: the two lines \"// your helpers for {question}\" and "
                          f"\"// end of your helpers for {question}\" do not stand there once each")
    theirs, ours = reader.functions(other, file, other_text), reader.functions(base, file, base_text)
    data, source, edits, place = base_text.encode(), other_text.encode(), [], None
    for hole in holes:
        taken, replaced = find(theirs, other_text, question, hole), find(ours, base_text, question, hole)
        edits.append((*replaced.body, source[slice(*taken.body)]))
        place = place or above(data, replaced.outer[0])
    old = re.search(REGION.format(re.escape(question)).encode(), data, re.DOTALL)
    if old:
        edits.append((*old.span(), region(question, inside).encode()))
    elif inside.strip():
        edits.append((place, place, (region(question, inside) + "\n").encode()))
    return _with_includes(edited(data, edits).decode(), other_text)


def _with_includes(text, other_text):
    """The headers of the standard library that the other text includes too: helpers may need them."""
    pattern = re.compile(r"^#include <[a-z0-9_]+>$", re.MULTILINE)
    missing = [line for line in pattern.findall(other_text) if line not in pattern.findall(text)]
    first = text.find("#include")
    return text[:first] + "".join(line + "\n" for line in missing) + text[first:] if missing else text
