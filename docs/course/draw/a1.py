"""Cases of assignment a1: QUESTIONS[question](random, index) is case number `index`, drawn from `random`."""

from cases import case, tensor

ADD, SUBTRACT, NEGATE, SCALE, DIVIDE = range(5)


def rows(random, m, n, low=0.5, high=2.0):
    return [[random.uniform(low, high) for _ in range(n)] for _ in range(m)]


def signed(random, m, n):
    return rows(random, m, n, -1.5, 1.5)


def _graph(random, index):
    """A diamond first, then random graphs with values used many times, once or never, and frozen leaves."""
    m, n = random.randint(1, 3), random.randint(1, 3)
    kind = ["diamond", "loss", "random", "frozen", "training", "so_far"][index % 6]
    if kind == "loss":
        m = n = 1
    leaves = 2 if kind == "diamond" else random.randint(2, 4)
    if kind == "diamond":  # y = (x0 / x1 + x0 / x1) - x0
        graph = [DIVIDE, 0, 1, ADD, 2, 2, SUBTRACT, 3, 0]
    else:
        graph = []
        for node in range(leaves, leaves + random.randint(5, 12)):
            op = random.randrange(5)
            a = random.randrange(max(0, node - 5), node)
            graph += [op, a, random.randrange(leaves if op == DIVIDE else node)]
        last = leaves + len(graph) // 3 - 1
        graph += [DIVIDE, last, 0, ADD, last + 1, 1]
    output = leaves + len(graph) // 3 - 1
    if kind != "diamond":
        graph += [SCALE, output, output]  # nothing flows back through this one
    trains = [1] * leaves
    if kind == "frozen":
        trains[random.randrange(1, leaves)] = 0
    inputs = [["text", "call", "backward"], ["text", "mode", "training" if kind == "training" else "everything"],
              ["ints", "graph", graph], ["number", "output", output], ["ints", "trains", trains]]
    inputs += [tensor(f"x{i}", rows(random, m, n)) for i in range(leaves)]
    if kind == "so_far":
        inputs.append(tensor("x0_so_far", signed(random, m, n)))
    if kind != "loss":
        inputs.append(tensor("u", signed(random, m, n)))
    return case(kind, index, *inputs)


def _inputs(random, index, call, shapes, dy, extra=(), kind=None, name=None):
    """One op: its inputs, the gradient of its result, and, by `kind` or in turn, a sum so far and a frozen input. The case
    bears `name`, or says what is special about it."""
    kind = index if kind is None else kind
    names = list(shapes)
    inputs = [["text", "call", call], *extra]
    inputs += [tensor(name, signed(random, *shapes[name])) for name in names]
    inputs.append(tensor("dy", signed(random, *dy)))
    special = "plain"
    if kind % 4 in (1, 3):
        special = "so_far"
        inputs += [tensor(f"{key}_so_far", signed(random, *shapes[key])) for key in names]
    if kind % 4 in (2, 3) and len(names) > 1:
        frozen = (kind // 2) % len(names)
        special = f"{names[frozen]}_frozen"
        inputs.append(["ints", "trains", [int(i != frozen) for i in range(len(names))]])
        inputs = [entry for entry in inputs if entry[1] != f"{names[frozen]}_so_far"]
    return case(name or special, index, *inputs)


def _multiply(random, index):
    shape = (random.randint(1, 3), random.randint(1, 4))
    if index % 5 == 4:
        return _inputs(random, index, "multiply", {"x": shape}, shape, [["text", "twice", "yes"]], kind=0, name="square")
    return _inputs(random, index, "multiply", {"x": shape, "z": shape}, shape)


def _matmul(random, index):
    m, k, n = random.sample(range(1, 6), 3) if index else (2, 2, 2)
    return _inputs(random, index, "matmul", {"a": (m, k), "b": (k, n)}, (m, n))


def _add_row(random, index):
    m, n = random.sample(range(1, 6), 2) if index else (3, 2)
    return _inputs(random, index, "add_row", {"x": (m, n), "row": (1, n)}, (m, n))


def _sum(random, index):
    over = ["all", "each_row", "each_column"][index % 3]
    call = "mean" if index % 2 else "sum"
    m, n = random.sample(range(2, 6), 2)
    dy = {"all": (1, 1), "each_row": (m, 1), "each_column": (1, n)}[over]
    return _inputs(random, index, call, {"x": (m, n)}, dy, [["text", "over", over]], kind=index // 3 % 2, name=f"{call}_{over}")


def _exp(random, index):
    shape = (random.randint(1, 3), random.randint(1, 4))
    return _inputs(random, index, "exp", {"x": shape}, shape, kind=index % 2, name="exp")


def _take_rows(random, index):
    m, n = random.randint(3, 5), random.randint(1, 3)
    ids = [random.randrange(m - 1) for _ in range(m + 1)] if index else [0, 2, 0]  # some twice, the last one never
    return _inputs(random, index, "take_rows", {"x": (m, n)}, (len(ids), n), [["ints", "ids", ids]], kind=index % 2,
                   name="so_far" if index % 2 else "some_twice")


def _reshape(random, index):
    m, n = random.choice([(2, 3), (3, 2), (4, 3), (2, 6), (6, 2), (1, 4)]) if index else (2, 3)
    size = m * n
    row = random.choice([d for d in range(1, size + 1) if size % d == 0 and (d != m or size == 1)])
    return _inputs(random, index, "reshape", {"x": (m, n)}, (row, size // row), kind=index % 2)


ENGINES = ["tanh-right", "softmax-right", "quotient-right", "sums-right", "squares-right", "constant-right",
           "tanh-not-squared", "softmax-none", "softmax-no-cross-term", "quotient-second-missing", "quotient-sign",
           "sums-other-way", "squares-half", "tanh-last-element", "squares-nan", "softmax-transposed"]


def _check(random, index):
    engine = ENGINES[index % len(ENGINES)]
    m, n = 2, random.randint(3, 4)
    inputs = [["text", "call", "gradient_is_right"], ["text", "engine", engine]]
    high = 300.0 if engine == "squares-right" else 2.0  # large gradients: an absolute tolerance is too strict for them
    inputs.append(tensor("x0", rows(random, m, n, 0.5, high)))
    if engine.startswith("quotient"):
        inputs.append(tensor("x1", rows(random, m, n)))
    made = case(engine, index, *inputs)
    return {**made, "gate": True} if engine.endswith("-right") else made


RIGHT, WRONG = range(5), range(5, 20)  # numbers of the functions in engines/a1_hidden.cpp


def _hidden_checks(random, count):
    """The grader's own functions, in an order that no two students share, under names that say nothing."""
    engines = [*RIGHT, *WRONG]
    engines = engines * (count // len(engines)) + random.sample(engines, count % len(engines))
    random.shuffle(engines)
    made = []
    for index, engine in enumerate(engines):
        m, n = random.sample(range(2, 5), 2)
        shapes = {0: [(m, n), (n, m)], 6: [(m, n), (n, m)], 16: [(m, n), (n, m)], 5: [(m, m), (m, m)]}.get(engine, [(m, n)])
        if engine in (3, 11, 12, 13, 19):
            shapes *= 3
        inputs = [["number", "engine", engine]]
        high = 300.0 if engine == 0 else 2.0  # large gradients, as for squares-right
        inputs += [tensor(f"x{i}", _away_from_zero(random, *shape, high)) for i, shape in enumerate(shapes)]
        made.append(case("engine", index, *inputs) | ({"gate": True} if engine in RIGHT else {}))
    return made


def _away_from_zero(random, m, n, high):
    """Of both signs; the size of a number near zero has no difference quotient."""
    return [[random.choice((-1, 1)) * random.uniform(0.5, high) for _ in range(n)] for _ in range(m)]


HIDDEN_AT_ONCE = {"a1.q9": _hidden_checks}
QUESTIONS = {"a1.q1": _graph, "a1.q2": _multiply, "a1.q3": _matmul, "a1.q4": _add_row, "a1.q5": _sum, "a1.q6": _exp,
             "a1.q7": _take_rows, "a1.q8": _reshape, "a1.q9": _check}
