"""Cases of assignment a6: QUESTIONS[question](random, index) is case number `index`, drawn from `random`; HIDDEN has those
that an ID draws in another order."""

from cases import case, tensor


def normal(random, rows, cols):
    return [[random.gauss(0, 1) for _ in range(cols)] for _ in range(rows)]


def transposed(m):
    return [list(row) for row in zip(*m)]


def times(a, b):
    columns = transposed(b)
    return [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a]


def scaled_rows(values, m):
    return [[value * x for x in row] for value, row in zip(values, m)]


def orthonormal(random, d, k):
    """d x k with orthonormal columns: Gram and Schmidt, each column twice."""
    columns = []
    while len(columns) < k:
        column = [random.gauss(0, 1) for _ in range(d)]
        for _ in range(2):
            for other in columns:
                part = sum(x * y for x, y in zip(column, other))
                column = [x - part * y for x, y in zip(column, other)]
        length = sum(x * x for x in column) ** 0.5
        columns.append([x / length for x in column])
    return transposed(columns)


def columns_of(m, *places):
    return [[row[place] for place in places] for row in m]


def gauge(random, r, condition):
    """An invertible r x r whose singular values fall from 1 to 1 / condition."""
    values = [condition ** (-i / max(1, r - 1)) for i in range(r)]
    return times(orthonormal(random, r, r), scaled_rows(values, orthonormal(random, r, r)))


def _svd(random, index):
    kind = ["plain", "gauge", "many_terms", "deficient", "one_term", "shapes", "not_finite", "large"][index % 8]
    out, n, r = random.randint(5, 7), random.randint(3, 4), random.randint(2, 3)
    if random.random() < 0.5:
        out, n = n, out
    if kind == "many_terms":
        r = max(out, n) + random.randint(0, 2)
    if kind == "one_term":
        r = 1
    if kind == "large":
        r = 2
    B, A = normal(random, out, r), normal(random, r, n)
    if kind == "deficient":
        A[-1] = [2 * x for x in A[0]]
    if kind == "shapes":
        A.append(A[0])
    if kind == "not_finite":
        A[0][0] = float("nan")
    inputs = [["text", "call", "svd_of_product"], tensor("B", B), tensor("A", A),
              ["number", "s", round(random.choice([-1, 1]) * random.uniform(0.3, 3), 2)]]
    if kind == "gauge":
        inputs.append(tensor("R", gauge(random, r, random.uniform(10, 100))))
    if kind == "large":  # the product would have millions of elements
        inputs.append(["number", "copies", 500])
    return case(kind, index, *inputs)


def _grid(random, index):
    kind = ["random", "identical", "orthogonal", "turned", "shared", "other_space", "exchanged"][index % 7]
    d = random.randint(6, 9)
    m, n = random.sample(range(2, 5), 2)
    both = orthonormal(random, d, d)
    U, V = orthonormal(random, d, m), orthonormal(random, d, n)
    if kind == "identical":
        V = U
    if kind == "orthogonal":
        m, n = random.sample(range(1, 4), 2)
        U, V = columns_of(both, *range(m)), columns_of(both, *range(m, m + n))
    if kind == "turned":
        V = times(U, orthonormal(random, m, m))
    if kind == "shared":  # one direction, at different places
        U, V = columns_of(both, 0, 1, 2), columns_of(both, 3, 4, 1, 5)
    if kind == "other_space":
        V = orthonormal(random, d + 1, n)
    if kind == "exchanged":
        U, V = orthonormal(random, d, 1), orthonormal(random, d, 4)
    return case(kind, index, ["text", "call", "similarity_grid"], tensor("U", U), tensor("V", V))


def _chance(random, index):
    kind = ["drawn", "all_of_space", "one_dimension", "outside", "drawn", "none", "paper"][index % 7]
    d = random.randint(6, 12)
    i, j = random.sample(range(1, d - 1), 2)
    if kind == "all_of_space":
        i = d
    if kind == "one_dimension":
        i = j = d = 1
    if kind == "outside":
        j = d + 1
    if kind == "none":
        i = 0
    if kind == "paper":
        i, j, d = 8, 64, 12288
    phi = random.choice([0.0, 1.0, round(random.random(), 3)]) if index else 1.0
    inputs = [["text", "call", "chance"], ["number", "i", i], ["number", "j", j], ["number", "d", d],
              ["number", "phi", phi]]
    if kind == "drawn":
        inputs.append(["number", "draws", 400])
    return case(kind, index, *inputs)


def _amplification(random, index):
    kind = ["wide", "own_directions", "tall", "other_numbers", "together", "shapes", "scaled"][index % 7]
    out, n, r = random.randint(3, 5), random.randint(6, 8), 2
    if kind in ("tall", "together"):
        out, n = n, out
    X, Y = orthonormal(random, out, min(out, n)), orthonormal(random, n, min(out, n))
    values = sorted((random.uniform(0.3, 3) for _ in range(min(out, n))), reverse=True)
    W = times(X, scaled_rows(values, transposed(Y)))
    U, V = orthonormal(random, out, r), orthonormal(random, n, r)
    if kind == "own_directions":
        U, V = columns_of(X, *range(r)), columns_of(Y, *range(r))
    if kind == "other_numbers":
        V = orthonormal(random, n, r + 1)
    if kind == "shapes":
        V = orthonormal(random, n - 1, r)
    if kind == "scaled":
        W = scaled_rows([1000.0] * out, W)
    inputs = [["text", "call", "amplification"], tensor("W", W), tensor("U", U), tensor("V", V)]
    if kind == "together":
        inputs.append(["number", "together", 1])
    return case(kind, index, *inputs)


def _spectrum(random, index):
    kind = ["falling", "equal", "zeros", "one", "small"][index % 5]
    n = random.randint(3, 6)
    sigma = sorted((random.uniform(0.1, 4) for _ in range(n)), reverse=True)
    if kind == "equal":
        sigma = [sigma[0]] * n
    if kind == "zeros":
        sigma[-2:] = [0.0, 0.0]
    if kind == "one":
        sigma = sigma[:1]
    if kind == "small":
        sigma = [x * 1e-6 for x in sigma]
    return case(kind, index, ["text", "call", "spectrum"], tensor("sigma", [sigma]))


def _values(random, kind, r, n):
    """Singular values of a change whose control has n as its largest."""
    if kind == "even":
        values = [n * random.uniform(3.05, 3.3)]
        while len(values) < r:
            values.append(values[-1] / random.uniform(1.26, 1.295))
        return values
    rank = {"nothing": 0, "all_stand_out": r}.get(kind, random.randint(1, r - 1))
    noise = sorted((n * random.uniform(0.5, 1.28) for _ in range(r - rank)), reverse=True)
    planted = sorted((random.uniform(3.05 * n, 1.0) for _ in range(rank - 1)), reverse=True)
    if kind == "weakest":  # one just above 3 n, though 3 n is far below the first
        planted[-1:] = [3.05 * n] * bool(planted)
    return [1.0][:rank] + planted + noise


def _factors(random, values, s, whitening, m, r):
    """B and A whose s B A C^{1/2} has these singular values."""
    X, Y = orthonormal(random, m, r), orthonormal(random, len(whitening[0]), r)
    B = transposed(scaled_rows([value / s for value in values], transposed(X)))
    return B, times(transposed(Y), whitening)


def _rank(random, index):
    """A change with known singular values as inputs meet it. In a third of the cases noise is large, in a third small."""
    kind = ["planted", "unfinished", "planted", "nothing", "weakest", "all_stand_out", "planted", "even", "weakest"][index % 9]
    r = 6 if kind == "even" else random.randint(3, 4)
    m, n, unseen = random.randint(r + 1, r + 3), r + 4, 2
    axes = orthonormal(random, n, n)
    spread = [random.uniform(0.7, 1.4) * 0.55 ** i for i in range(n - unseen)]  # eigenvalues of C, the others are 0
    seen, none = columns_of(axes, *range(n - unseen)), columns_of(axes, *range(n - unseen, n))
    C = times(seen, scaled_rows(spread, transposed(seen)))
    C = [[(C[i][j] + C[j][i]) / 2 for j in range(n)] for i in range(n)]
    whitening = scaled_rows([x ** -0.5 for x in spread], transposed(seen))
    size = [random.uniform(0.1, 0.2), random.uniform(0.02, 0.03), 0.001][(index + index // 9) % 3]
    s = random.choice([-1, 1]) * random.uniform(0.5, 4)
    B, A = _factors(random, _values(random, kind, r, size), s, whitening, m, r)
    control = [size] + sorted((size * random.uniform(0.4, 1) for _ in range(r - 1)), reverse=True)
    control_B, control_A = _factors(random, control, s, whitening, m, r)
    noise = times([[3 / size * x for x in row] for row in normal(random, r, unseen)], transposed(none))
    left = random.uniform(0.05, 0.6) if kind == "unfinished" else random.uniform(0, 0.005)
    made = case(kind, index, ["text", "call", "read_rank"], tensor("B", B), tensor("A", A), tensor("control_B", control_B),
                tensor("control_A", control_A), tensor("C", C), tensor("R", gauge(random, r, random.uniform(10, 50))),
                tensor("control_R", gauge(random, r, random.uniform(10, 50))), tensor("noise", noise), ["number", "s", s],
                ["number", "left", left])
    return {**made, "gate": True} if index < 2 else made


QUESTIONS = {"a6.q1": _svd, "a6.q2": _grid, "a6.q3": _chance, "a6.q4": _amplification, "a6.q5": _spectrum, "a6.q6": _rank}
HIDDEN = {"a6.q1": lambda random, index: _svd(random, 16 if index == 7 else index)}  # the one that may not end is the last
