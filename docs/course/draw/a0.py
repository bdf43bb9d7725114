"""Cases of assignment a0: QUESTIONS[question](random, index) is case number `index`, drawn from `random`."""

import math

from cases import case, tensor

ROWS_OF_LOGITS = ["plain", "large", "small", "one_column", "uneven_rows", "infinite"]


def rows(random, m, n, low=-2.0, high=2.0):
    return [[random.uniform(low, high) for _ in range(n)] for _ in range(m)]


def _logits(random, index, call):
    kind = ROWS_OF_LOGITS[index % len(ROWS_OF_LOGITS)]
    m, n = random.randint(2, 5), random.randint(2, 6)
    x = rows(random, m, n)
    if kind == "large":
        x = [[value + 1000 for value in row] for row in x]
    elif kind == "small":
        x = [[value - 1000 for value in row] for row in x]
    elif kind == "one_column":
        x = rows(random, m, 1)
    elif kind == "uneven_rows":
        x = [[value + 900 * (i % 3 - 1) for value in row] for i, row in enumerate(x)]
    elif kind == "infinite":
        x[0][random.randrange(n)] = -math.inf
        if call == "log_sum_exp_rows":
            x[-1] = [-math.inf] * n
    return case(kind, index, ["text", "call", call], tensor("x", x))


def _differences(random, index):
    name = ["cubes", "product", "length", "exponential"][index % 4]
    x = rows(random, random.randint(1, 4), random.randint(1, 4), 0.3, 1.2)
    h = [0.1, 0.01, 0.05, 0.2][index // 2 % 4]
    return case(name, index, ["text", "call", "central_differences"], ["text", "f", name],
                ["number", "h", h], tensor("x", x))


QUESTIONS = {
    "a0.q1": lambda random, index: _logits(random, index, "log_sum_exp_rows"),
    "a0.q2": lambda random, index: _logits(random, index, "softmax_rows"),
    "a0.q3": _differences,
}
