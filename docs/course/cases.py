"""Cases: what a probe is given, what it answers, and whether two answers agree.

A case is {"name", "inputs", perhaps "gate"}; an input is ["tensor", name, rows, cols, values], ["number", name, value],
["ints", name, values] or ["text", name, word]. An answer is {"outputs": [...]}, of tensors, numbers and texts, or
{"threw": message}, or {"ended": how}; "says" in it is a line for the student, which is not compared.
"""

import math

from build import plain, run_program

TOLERANCE = 1e-9


def tensor(name, rows):
    """A tensor of rows of numbers as an input."""
    return ["tensor", name, len(rows), len(rows[0]) if rows else 0, [value for row in rows for value in row]]


def case(name, index, *inputs):
    """A case by what it shows and its place among the others."""
    return {"name": f"{name}_{index}", "inputs": list(inputs)}


def write(cases):
    """The cases as a probe reads them (probes/protocol.h)."""
    lines = []
    for case in cases:
        lines.append(f"case {case['name']}")
        for kind, name, *rest in case["inputs"]:
            if kind == "tensor":
                rest = [rest[0], rest[1], *(format(float(value), ".17g") for value in rest[2])]
            elif kind == "ints":
                rest = [len(rest[0]), *rest[0]]
            elif kind == "number":
                rest = [format(float(rest[0]), ".17g")]
            lines.append(" ".join([kind, name, *map(str, rest)]))
        lines.append("end")
    return "\n".join(lines) + "\n"


def read(text):
    """The answers in what a probe printed, by the names of their cases. The last may be without an end."""
    answers, name, outputs, says = {}, None, [], {}
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "case":
            name, outputs, says = rest, [], {}
        elif word == "end" and name is not None:
            answers.setdefault(name, {"outputs": outputs, **says})
        elif word == "says":
            says = {"says": rest}
        elif word == "threw":
            answers[name] = {"threw": rest}
        elif word in ("tensor", "number", "text"):
            outputs.append(_output(word, rest.split(" ")))
    return answers


def _output(kind, words):
    try:
        if kind == "tensor":
            return ["tensor", words[0], int(words[1]), int(words[2]), [float(word) for word in words[3:]]]
        if kind == "number":
            return ["number", words[0], float(words[1])]
        return ["text", words[0], " ".join(words[1:])]
    except (IndexError, ValueError):
        return ["text", "line", f"{kind} {' '.join(words)[:40]}"]


def answers(program, cases, seconds=20, run=plain):
    """The answer to each case, in order. Where one ends the program, the next ones get a new one."""
    found, todo = {}, list(cases)
    while todo:
        printed, ended = run_program(program, write(todo), seconds, run)
        got = read(printed)
        done = [case for case in todo if case["name"] in got]
        found.update({case["name"]: got[case["name"]] for case in done})
        todo = [case for case in todo if case["name"] not in got]
        if todo and ended.startswith("no end"):  # nor would the next ones end
            found.update({case["name"]: {"ended": ended} for case in todo})
            break
        if todo:
            found[todo.pop(0)["name"]] = {"ended": ended or "ended early"}
    return [found[case["name"]] for case in cases]


def close(got, expected, tolerance=TOLERANCE):
    """Whether two numbers agree; NaN agrees with NaN, and an infinity with itself."""
    if math.isnan(expected) or math.isinf(expected):
        return got == expected or (math.isnan(got) and math.isnan(expected))
    return abs(got - expected) <= tolerance * (1 + abs(expected))


def difference(got, expected, tolerance=TOLERANCE):
    """What sets an answer apart from the expected one, in a line; "" where they agree."""
    for kind in ("threw", "ended"):
        if kind in got or kind in expected:
            if got.get(kind) == expected.get(kind):
                return ""
            return got.get(kind) or got.get("threw") or got.get("ended") or f"no exception, expected: {expected[kind]}"
    given = {output[1]: output for output in got["outputs"]}
    for wanted in expected["outputs"]:
        line = _difference(given.get(wanted[1]), wanted, tolerance)
        if line:
            return line
    more = set(given) - {output[1] for output in expected["outputs"]}
    return f"an output {sorted(more)[0]} that was not asked for" if more else ""


def _difference(got, wanted, tolerance):
    kind, name, *rest = wanted
    if got is None:
        return f"{name} is missing"
    if got[0] != kind:
        return f"{name}: expected {_short(wanted)}, got {_short(got)}"
    if kind == "text":
        return "" if got == wanted else f"{name}: {_text_difference(got[2], rest[0])}"
    if kind == "number":
        return "" if close(got[2], rest[0], tolerance) else f"{name}: expected {rest[0]:.10g}, got {got[2]:.10g}"
    if got[2:4] != rest[:2]:
        return f"{name}: expected the shape ({rest[0]},{rest[1]}), got ({got[2]},{got[3]})"
    for i, (a, b) in enumerate(zip(got[4], rest[2])):
        if not close(a, b, tolerance):
            return f"{name}({i // rest[1]},{i % rest[1]}): expected {b:.10g}, got {a:.10g}"
    return "" if len(got[4]) == len(rest[2]) else f"{name}: {len(got[4])} numbers"


def _text_difference(got, wanted):
    """Of two lists of words of one length, only the first word that differs."""
    pairs = list(zip(got.split(","), wanted.split(",")))
    if 2 < len(pairs) == got.count(",") + 1 == wanted.count(",") + 1:
        number, (got, wanted) = next((i, pair) for i, pair in enumerate(pairs, 1) if pair[0] != pair[1])
        return f"expected {wanted} as number {number}, got {got}"
    return f"expected {wanted}, got {got}"


def _short(output):
    return f"a tensor ({output[2]},{output[3]})" if output[0] == "tensor" else str(output[2])


def hint(got, expected, wrong, tolerance=TOLERANCE):
    """The hint of the known wrong body that gives the same wrong answers most often, and then the same answers; None where
    none gives one of the wrong answers."""
    failing = [i for i, answer in enumerate(got) if difference(answer, expected[i], tolerance)]
    best, most = None, (0, 0)
    for known in wrong:
        same = [i for i, answer in enumerate(got) if not difference(answer, known["answers"][i], tolerance)]
        count = len(set(same) & set(failing)), len(same)
        if count[0] and count > most:
            best, most = known["hint"], count
    return best


def score(points, cases, got, expected, tolerance=TOLERANCE):
    """The points: the share of cases that agree. Cases with "gate" give none, but all must agree for any."""
    agree = [not difference(a, b, tolerance) for a, b in zip(got, expected)]
    if not all(right for right, case in zip(agree, cases) if case.get("gate")):
        return 0
    counted = [right for right, case in zip(agree, cases) if not case.get("gate")]
    return round(points * sum(counted) / max(1, len(counted)), 2)
