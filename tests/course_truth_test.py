#!/usr/bin/env python3
"""The expected outputs of the course's public cases are computed once more, from the formulas and in plain Python.

docs/course/public has what the reference answered. Where that is wrong, a right answer of a student's loses points, and no
test that compares the reference with itself sees it. Of each question one number is changed too, which must be noticed.
"""

import json
import math
import sys
from pathlib import Path

COURSE = Path(__file__).resolve().parents[1] / "docs/course"
sys.dont_write_bytecode = True
sys.path.insert(0, str(COURSE))

from cases import close  # noqa: E402

TRUTHS = {}  # {question: function of the inputs, that returns {name of an output: what it must be}, or {} for no opinion}


class In(dict):
    """The inputs of a case by name; matrices are lists of rows."""

    def __init__(self, case):
        for kind, name, *rest in case["inputs"]:
            self[name] = rows_of(*rest) if kind == "tensor" else rest[0]

    def so_far(self, name, gradient):
        """What the gradient of an input must be: none where it is frozen, else added to what was there."""
        names = [key for key in self if key in ("x", "z", "a", "b", "row")]
        if "trains" in self and not self["trains"][names.index(name)]:
            return "none"
        before = self.get(f"{name}_so_far")
        return added(before, gradient) if before else gradient


def rows_of(rows, cols, values):
    return [values[i * cols:(i + 1) * cols] for i in range(rows)]


def truth(*questions):
    def kept(function):
        TRUTHS.update(dict.fromkeys(questions, function))
        return function
    return kept


# ---- matrices ----


def transposed(a):
    return [list(column) for column in zip(*a)]


def product(a, b):
    return [[sum(x * y for x, y in zip(row, column)) for column in transposed(b)] for row in a]


def each(function, *matrices):
    return [[function(*numbers) for numbers in zip(*rows)] for rows in zip(*matrices)]


def added(a, b):
    return each(lambda x, y: x + y, a, b)


def times(s, a):
    return each(lambda x: s * x, a)


def masked(x, mask):
    return each(lambda a, b: a * b, x, mask) if mask else x


def square(a):
    return sum(x * x for row in a for x in row)


# ---- a0 ----


def log_sum_exp(row):
    most = max(row)
    return most if most == -math.inf else most + math.log(sum(math.exp(x - most) for x in row))


@truth("a0.q1", "a0.q2")
def of_rows(c):
    sums = [log_sum_exp(row) for row in c["x"]]
    if c["call"] == "log_sum_exp_rows":
        return {"y": [[value] for value in sums]}
    return {"y": [[math.exp(x - value) for x in row] for row, value in zip(c["x"], sums)]}


@truth("a0.q3")
def differences(c):
    functions = {"cubes": lambda x: sum(v ** 3 for v in x), "product": math.prod,
                 "length": lambda x: math.sqrt(1 + sum(v * v for v in x)), "exponential": lambda x: math.exp(sum(x))}
    f, h, flat = functions[c["f"]], c["h"], sum(c["x"], [])
    moved = lambda i, by: [v + by * (i == j) for j, v in enumerate(flat)]  # noqa: E731
    slopes = [(f(moved(i, h)) - f(moved(i, -h))) / (2 * h) for i in range(len(flat))]
    return {"gradient": rows_of(len(c["x"]), len(c["x"][0]), slopes)}


# ---- a1: gradients of ops ----


@truth("a1.q2")
def multiply(c):
    if "twice" in c:
        return {"dx": each(lambda x, d: 2 * x * d, c["x"], c["dy"])}
    return {"dx": c.so_far("x", masked(c["dy"], c["z"])), "dz": c.so_far("z", masked(c["dy"], c["x"]))}


@truth("a1.q3")
def matmul(c):
    return {"da": c.so_far("a", product(c["dy"], transposed(c["b"]))),
            "db": c.so_far("b", product(transposed(c["a"]), c["dy"]))}


@truth("a1.q4")
def add_row(c):
    return {"dx": c.so_far("x", c["dy"]), "drow": c.so_far("row", [[sum(column) for column in transposed(c["dy"])]])}


@truth("a1.q5")
def sums(c):
    m, n = len(c["x"]), len(c["x"][0])
    of = {"all": m * n, "each_row": n, "each_column": m}[c["over"]]
    at = lambda i, j: c["dy"][i if len(c["dy"]) > 1 else 0][j if len(c["dy"][0]) > 1 else 0]  # noqa: E731
    factor = 1 / of if c["call"] == "mean" else 1
    return {"dx": c.so_far("x", [[factor * at(i, j) for j in range(n)] for i in range(m)])}


@truth("a1.q6")
def exponential(c):
    return {"dx": c.so_far("x", each(lambda x, d: math.exp(x) * d, c["x"], c["dy"]))}


@truth("a1.q7")
def take_rows(c):
    found = times(0, c["x"])
    for row, index in zip(c["dy"], c["ids"]):
        found[index] = [a + b for a, b in zip(found[index], row)]
    return {"dx": c.so_far("x", found)}


@truth("a1.q8")
def reshape(c):
    return {"dx": c.so_far("x", rows_of(len(c["x"]), len(c["x"][0]), sum(c["dy"], [])))}


# ---- a2 ----


@truth("a2.q1")
def layer_norm(c):
    y, means, scales = [], [], []
    for row in c["x"]:
        mean = sum(row) / len(row)
        scale = 1 / math.sqrt(sum((x - mean) ** 2 for x in row) / len(row) + c["eps"])
        y.append([w * (x - mean) * scale + b for x, w, b in zip(row, sum(c["w"], []), sum(c["b"], []))])
        means.append([mean])
        scales.append([scale])
    return {"y": y, "mean": means, "rstd": scales}


@truth("a2.q3")
def gelu(c):
    if c["form"] != "erf":
        return {}
    phi = lambda x: (1 + math.erf(x / math.sqrt(2))) / 2  # noqa: E731
    return {"y": each(lambda x: x * phi(x), c["x"])}


@truth("a2.q4")
def cross_entropy(c):
    if c["ignore"] in c["targets"] or c["smoothing"]:
        return {}
    weights = c["weights"][0] if "weights" in c else [1] * len(c["x"])
    losses = [log_sum_exp(row) - row[target] for row, target in zip(c["x"], c["targets"])]
    return {"loss": [[sum(w * loss for w, loss in zip(weights, losses)) / sum(weights)]]}


@truth("a2.q8")
def clip(c):
    trained = [f"g{i}" for i, trains in enumerate(c["trains"]) if trains and f"g{i}" in c]
    norm = math.sqrt(sum(square(c[name]) for name in trained))
    factor = min(1, c["max_norm"] / norm) if math.isfinite(norm) and norm else 1
    if not math.isfinite(norm):
        return {}
    return {"returned": [[norm]], **{name: times(factor, c[name]) for name in trained}}


# ---- a4 ----


def scale_of(rule, alpha, rank):
    return alpha / rank if rule == "alpha/r" else alpha / math.sqrt(rank)


@truth("a4.q1")
def scale(c):
    return {"scale": scale_of(c["rule"], c["alpha"], c["rank"][0])}


def lora(W, bias, A, B, s, x, dh, mask=None):
    """h = W x + bias + s B A (mask ∘ x) for rows, with its gradients."""
    z, Bt, At = masked(x, mask), transposed(B), transposed(A)
    u = times(s, product(z, At))
    h = added(product(x, transposed(W)), product(u, Bt))
    du = times(s, product(dh, B))
    return ([[v + b for v, b in zip(row, bias[0])] for row in h], product(transposed(du), z), product(transposed(dh), u),
            added(product(dh, W), masked(product(du, A), mask)))


@truth("a4.q3")
def lora_layer(c):
    if "stream" in c or "merged" in c or "x_frozen" in c:
        return {}
    s = scale_of(c["rule"], c["alpha"], len(c["A"]))
    return dict(zip(("y", "dA", "dB", "dx"), lora(c["W0"], c["bias"], c["A"], c["B"], s, c["x"], c["dh"])))


@truth("a4.q4")
def by_hand(c):
    found = lora(c["W0"], c["bias"], c["A"], c["B"], c["s"], c["X"], c["dH"], c.get("K"))
    return dict(zip(("H", "dA", "dB", "dX"), found))


@truth("a4.q6")
def merged(c):
    delta = times(scale_of(c["rule"], c["alpha"], len(c["A"])), product(c["B"], c["A"]))
    return {"delta": delta, "merged_weight": added(c["W0"], delta)} if math.isfinite(square(delta)) else {}


# ---- a5 ----


@truth("a5.q1")
def pairs(c):
    of = {row: {tuple(run[1:3]): run[3] for run in c["runs"] if run[0] == row} for row in (c["a"], c["b"])}
    both = sorted(set(of[c["a"]]) & set(of[c["b"]]))
    if not all(of.values()) or sum(map(len, of.values())) != sum(run[0] in of for run in c["runs"]):
        return {}
    found = [of[c["a"]][key] - of[c["b"]][key] for key in both]
    finite = [difference for difference in found if math.isfinite(difference)]
    return {"differences": [finite], "not_finite": len(found) - len(finite),
            "without_partner": sum(len(runs) - len(both) for runs in of.values())}


T_975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)


@truth("a5.q2")
def verdict(c):
    words = ["holds", "does_not_hold", "open"]
    if c["call"] == "over_tasks":
        return {"verdict": words[1 if 1 in c["verdicts"] else 2 if 2 in c["verdicts"] else 0]} if c["verdicts"] else {}
    d = c["differences"][0] if c["differences"] else []
    if len(d) > 11 or c["margin"] < 0:
        return {}
    if len(d) < 3 or c["not_finite"] or c["without_partner"]:
        return {"verdict": words[2]}
    mean = sum(d) / len(d)
    half = T_975[len(d) - 2] * math.sqrt(sum((x - mean) ** 2 for x in d) / (len(d) - 1) / len(d))
    return {"verdict": words[0] if mean - half > -c["margin"] else words[1] if mean + half < -c["margin"] else words[2]}


# ---- a6 ----


@truth("a6.q1")
def change(c):
    return {"product": times(c["s"], product(c["B"], c["A"]))} if not {"R", "copies"} & set(c) else {}


@truth("a6.q2")
def similarity(c):
    both = product(transposed(c["U"]), c["V"])
    return {"phi": [[sum(x * x for row in both[:i] for x in row[:j]) / min(i, j) for j in range(1, len(both[0]) + 1)]
                    for i in range(1, len(both) + 1)]}


@truth("a6.q3")
def chance(c):
    return {"chance": max(c["i"], c["j"]) / c["d"]}


@truth("a6.q4")
def amplification(c):
    W, U, V = c["W"], c["U"], c["V"]
    r, m, n = len(U[0]), len(W), len(W[0])
    return {"projected": math.sqrt(square(product(product(transposed(U), W), V))),
            "expected": math.sqrt(square(W)) * r / math.sqrt(m * n),
            "inputs_kept": math.sqrt(r / m * square(product(W, V))),
            "outputs_kept": math.sqrt(len(V[0]) / n * square(product(transposed(U), W)))}


@truth("a6.q5")
def spectrum(c):
    sigma = c["sigma"][0]
    if not sum(sigma):
        return {}
    shares = [x / sum(sigma) for x in sigma if x]  # Roy and Vetterli 2007: of the values, and not of their squares
    return {"stable": sum(x * x for x in sigma) / max(sigma) ** 2,
            "effective": math.exp(-sum(p * math.log(p) for p in shares))}


# ---- the comparison ----


def agree(got, wanted):
    if isinstance(wanted, list):
        return isinstance(got, list) and len(got) == len(wanted) and all(agree(a, b) for a, b in zip(got, wanted))
    if isinstance(wanted, str):
        return got == wanted
    return isinstance(got, (int, float)) and close(got, wanted)


def changed(value):
    """The same with its first number or word another one; None where it has none."""
    if isinstance(value, list):
        for i, part in enumerate(value):
            other = changed(part)
            if other is not None:
                return [*value[:i], other, *value[i + 1:]]
        return None
    if value is None or isinstance(value, str):
        return value and value + "?"
    return value + 1 if math.isfinite(value) else 0.0


def main():
    failures = 0
    for question, function in TRUTHS.items():
        public = json.loads((COURSE / f"public/{question}.json").read_text())
        compared = unnoticed = 0
        for case, expected in zip(public["cases"], public["expected"]):
            outputs = {name: rows_of(*rest) if kind == "tensor" else rest[0]
                       for kind, name, *rest in expected.get("outputs", [])}
            opinion = function(In(case)) if outputs and "refused" not in outputs else {}
            for name, wanted in opinion.items():
                compared += 1
                if not agree(outputs.get(name), wanted):
                    failures += 1
                    print(f"FAILED: {question}, case {case['name']}: {name} is {outputs.get(name)}, and not {wanted}")
                other = changed(outputs.get(name))
                unnoticed += other is not None and agree(other, wanted)
        if not compared or unnoticed:
            failures += 1
            print(f"FAILED: {question}: {compared} outputs compared, {unnoticed} changed ones not noticed")
        print(f"{question}: {compared} outputs")
    print(f"{failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
