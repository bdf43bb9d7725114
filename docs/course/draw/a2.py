"""Cases of assignment a2: QUESTIONS[question](random, index) is case number `index`, drawn from `random`; HIDDEN has
those that an ID draws otherwise: with more steps."""

import math

from cases import case, tensor


def rows(random, m, n, low=-1.5, high=1.5):
    return [[random.uniform(low, high) for _ in range(n)] for _ in range(m)]


def rows_of(inputs, name):
    """The rows of the tensor of that name among the inputs."""
    _, _, m, n, values = next(entry for entry in inputs if entry[:2] == ["tensor", name])
    return [values[i * n:(i + 1) * n] for i in range(m)]


def sizes(random):
    """Two different ones."""
    return random.sample(range(2, 7), 2)


# ---- layer norm ----


def _norm_inputs(random, kind):
    """x, w, b and eps. Weights of mean 1, and in turn as rows and as columns."""
    m, n = sizes(random)
    n = {"one_column": 1, "large_mean": max(n, 3), "constant_row": max(n, 3)}.get(kind, n)
    x = rows(random, m, n)
    if kind == "large_mean":  # beside a deviation of about 1
        x = [[1e5 + sign * random.uniform(0.5, 1.5) for sign in ([1, -1] * n)[:n]] for _ in x]
    elif kind == "constant_row":
        x[random.randrange(m)] = [random.uniform(-2, 2)] * n
    w, b = rows(random, 1, n, 0.3, 1.8), rows(random, 1, n)
    if kind == "columns":
        w, b = [[value] for value in w[0]], [[value] for value in b[0]]
    eps = 0.5 if kind in ("large_eps", "columns") else 1e-5
    return [["text", "call", "layernorm"], tensor("x", x), tensor("w", w), tensor("b", b), ["number", "eps", eps]]


def _norm_forward(random, index):
    kind = ["plain", "large_eps", "large_mean", "columns", "constant_row", "one_column"][index % 6]
    return case(kind, index, *_norm_inputs(random, kind))


def _kept_of_norm(inputs):
    """What a right forward keeps, so that the backward is checked by itself."""
    x, eps = rows_of(inputs, "x"), inputs[-1][2]
    means = [math.fsum(row) / len(row) for row in x]
    variances = [math.fsum((value - mean) ** 2 for value in row) / len(row) for row, mean in zip(x, means)]
    return [tensor("kept0", [[mean] for mean in means]),
            tensor("kept1", [[1 / math.sqrt(variance + eps)] for variance in variances])]


NORM_BACKWARD = ["plain", "so_far", "only_x", "only_w", "columns", "large_mean", "same_w_and_b", "only_b", "large_eps"]


def _norm_backward(random, index):
    kind = NORM_BACKWARD[index % len(NORM_BACKWARD)]
    inputs = _norm_inputs(random, kind)
    shapes = {entry[1]: entry[2:4] for entry in inputs if entry[0] == "tensor"}
    inputs += [*_kept_of_norm(inputs), tensor("dy", rows(random, *shapes["x"]))]
    if kind == "so_far":
        inputs += [tensor(f"{name}_so_far", rows(random, *shape)) for name, shape in shapes.items()]
    elif kind.startswith("only_"):
        inputs.append(["ints", "trains", [int(name == kind[-1]) for name in "xwb"]])
    elif kind == "same_w_and_b":
        inputs = [entry for entry in inputs if entry[1] != "b"] + [["text", "same", "yes"]]
    return case(kind, index, *inputs)


# ---- gelu ----


def _gelu(random, index):
    """Both forms in turn."""
    form, kind = ["erf", "tanh"][index % 2], ["plain", "limits", "behind", "so_far"][index // 2 % 4]
    m, n = sizes(random)
    x = rows(random, m, n, -3, 3)
    if kind == "limits":
        x = [[40.0, -40.0, 0.0], [1e-8, -1e-8, random.uniform(-7, -5)]]
    m, n = len(x), len(x[0])
    inputs = [["text", "call", "gelu"], ["text", "form", form], tensor("x", x), tensor("dy", rows(random, m, n))]
    if kind == "behind":
        inputs.append(["text", "behind", "yes"])
    elif kind == "so_far":
        inputs.append(tensor("x_so_far", rows(random, m, n)))
    return case(f"{form}_{kind}", index, *inputs)


# ---- cross-entropy ----


def _logits(random, kind):
    """Logits, targets, weights, ignored class and smoothing: the inputs of one loss."""
    m, v = random.randint(3, 5), random.choice([2, 6, 7])
    x = rows(random, m, v, -2, 2)
    targets, ignore, smoothing = [random.randrange(v) for _ in range(m)], -1, 0
    inputs = [["text", "call", "cross_entropy"]]
    if kind in ("ignored", "all"):
        ignore = v if kind == "all" else random.choice([-1, -100])  # a number that no index may have
        targets[random.randrange(1, m)] = ignore
    if kind in ("weights", "all", "behind"):
        weights = [random.uniform(0.3, 2) for _ in range(m)]
        if kind != "all":
            weights[random.randrange(m)] = 0.0
        inputs.append(tensor("weights", [weights]))
    if kind in ("smoothing", "all", "behind"):
        smoothing = random.uniform(0.1, 0.3)
    if kind == "large":
        x = [[value + 10000 * (1 - i % 3) for value in row] for i, row in enumerate(x)]
    if kind == "forbidden":
        for i, row in enumerate(x):
            row[(targets[i] + 1) % v] = -math.inf
    return [*inputs, tensor("x", x), ["ints", "targets", targets], ["number", "ignore", ignore],
            ["number", "smoothing", smoothing]], (m, v)


def _loss(random, index):
    kind = ["plain", "weights", "ignored", "smoothing", "large", "forbidden", "all"][index % 7]
    return case(kind, index, *_logits(random, kind)[0])


def _kept_of_loss(inputs):
    """What a right forward keeps, of rows that do not count too."""
    largest = [max(row) for row in rows_of(inputs, "x")]
    sums = [math.fsum(math.exp(value - top) for value in row) for row, top in zip(rows_of(inputs, "x"), largest)]
    return [tensor("kept0", [[top] for top in largest]), tensor("kept1", [[math.log(total)] for total in sums])]


def _loss_backward(random, index):
    kind = ["plain", "weights", "ignored", "smoothing", "behind", "so_far", "large", "forbidden", "all"][index % 9]
    inputs, shape = _logits(random, kind)
    inputs += [*_kept_of_loss(inputs), tensor("dy", [[1.0 if kind == "plain" else random.uniform(0.3, 2.5)]])]
    if kind == "behind":
        inputs.append(["text", "behind", "yes"])
    elif kind == "so_far":
        inputs.append(tensor("x_so_far", rows(random, *shape)))
    return case(kind, index, *inputs)


# ---- optimisers ----


def _gradients(random, steps, n, kind):
    """One row for each step. In "golden" each column has a size of its own, and the last is 0 at first."""
    given = [[random.uniform(-1, 1) + 0.4 for _ in range(n)] for _ in range(steps)]
    if kind == "golden":
        for step, row in enumerate(given):
            row[0] *= 1e4
            row[1] *= 1e-4
            row[-1] *= step >= 5
    return given


def _steps(random, call, kind, steps, n, options):
    """A run of an optimiser. "frozen": but for two of its steps; "two": with a parameter of another group."""
    rates = [random.uniform(0.01, 0.06) if kind in ("golden", "rates") else 0.05 for _ in range(steps)]
    inputs = [["text", "call", call], *(["number", name, value] for name, value in options.items()),
              tensor("rates", [rates]), tensor("p", rows(random, 1, n, 0.5, 2)),
              tensor("p_gradients", _gradients(random, steps, n, kind))]
    if kind == "frozen":
        inputs.append(["ints", "frozen", [2, 4]])
    if kind == "two":
        inputs += [["number", "factor", 2.5], ["number", "q_decay", 0.4], tensor("q", rows(random, 1, 1)),
                   tensor("q_gradients", _gradients(random, steps, 1, kind))]
    return inputs


def _sgd(random, index, steps=6, n=2):
    kind = ["plain", "decay", "momentum", "momentum_and_decay", "two", "frozen", "rates"][index % 7]
    options = {"momentum": 0 if kind in ("plain", "decay") else random.uniform(0.5, 0.95),
               "decay": 0 if kind in ("plain", "momentum") else random.uniform(0.1, 0.9)}
    return case(kind, index, *_steps(random, "sgd", kind, steps, n, options))


def _adamw(random, index, steps=6, n=2):
    kind = ["golden", "plain", "decay", "two", "frozen", "large_eps", "rates"][index % 7]
    if kind == "golden":
        steps, n = 20, max(n, 3)
    options = {"beta1": random.uniform(0.7, 0.95), "beta2": random.uniform(0.8, 0.999),
               "eps": random.uniform(0.1, 1) if kind == "large_eps" else 1e-8,
               "decay": 0 if kind in ("plain", "large_eps") else random.uniform(0.1, 0.4)}
    return case(kind, index, *_steps(random, "adamw", kind, steps, n, options))


# ---- clipping ----

CLIP = ["above", "below", "frozen", "not_a_number", "no_gradient", "infinite", "frozen_and_not_a_number"]


def _clip(random, index):
    kind = CLIP[index % len(CLIP)]
    count = random.randint(2, 4)
    gradients = [rows(random, *sizes(random)) if i else rows(random, 1, 2, 1, 2) for i in range(count)]
    trains = [1] * count
    if kind.startswith("frozen"):
        trains[random.randrange(count)] = 0
    counted = [g for g, train in zip(gradients, trains) if train][kind == "no_gradient":]
    norm = math.sqrt(sum(value * value for g in counted for row in g for value in row))
    share = {"below": random.uniform(1.05, 3), "frozen_and_not_a_number": 0.5}.get(kind, random.uniform(0.1, 0.9))
    if kind == "not_a_number":
        gradients[-1][0][-1] = math.nan
    elif kind == "infinite":
        gradients[random.randrange(count)][0][0] = -math.inf
    elif kind == "frozen_and_not_a_number":
        gradients[trains.index(0)][0][0] = math.nan
    inputs = [["text", "call", "clip"], ["ints", "trains", trains], ["number", "max_norm", share * norm]]
    inputs += [tensor(f"g{i}", g) for i, g in enumerate(gradients) if not (kind == "no_gradient" and i == 0)]
    return case(kind, index, *inputs)


QUESTIONS = {"a2.q1": _norm_forward, "a2.q2": _norm_backward, "a2.q3": _gelu, "a2.q4": _loss, "a2.q5": _loss_backward,
             "a2.q6": _sgd, "a2.q7": _adamw, "a2.q8": _clip}

HIDDEN = {"a2.q6": lambda random, index: _sgd(random, index, 20, random.randint(2, 5)),
          "a2.q7": lambda random, index: _adamw(random, index, 20, random.randint(2, 5))}
