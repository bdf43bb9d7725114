"""Cases of assignment a4: QUESTIONS[question](random, index) is case number `index`, drawn from `random`."""

from cases import case, tensor


def rows(random, m, n, low=-1.0, high=1.0):
    return [[round(random.uniform(low, high), 4) for _ in range(n)] for _ in range(m)]


def text(name, word):
    return ["text", name, word]


RULES = ["alpha/r", "alpha/sqrt(r)"]


def _scale(random, index):
    alpha = [8, round(random.uniform(-4, 4), 3), 0, 0.5][index // 2 % 4]
    rank = 1 if index % 5 == 4 else random.randint(2, 12)
    return case("scale", index, text("call", "scale"), text("rule", RULES[index % 2]), ["number", "alpha", alpha],
                ["ints", "rank", [rank]])


def _start(random, index):
    """Two ways to start, names and seeds; the last ones of six are specifications that make no layer."""
    n, m = random.sample(range(4, 8), 2)
    kind = ["gaussian", "uniform", "gaussian", "rank_1", "rank_0", "rank_too_large"][index % 6]
    rank = {"rank_1": 1, "rank_0": 0, "rank_too_large": min(n, m) + 1}.get(kind, random.randint(2, min(n, m)))
    name = random.choice(["linear", "blocks.0.attn.q", "blocks.1.mlp.up", "a.v"])
    return case(kind, index, text("call", "start"), text("name", name), ["number", "seed", random.randint(1, 999)],
                text("init", "kaiming-uniform" if kind == "uniform" else "gaussian"), ["number", "alpha", 3],
                ["ints", "rank", [rank]], tensor("W0", rows(random, m, n)), tensor("bias", rows(random, 1, m)))


def _sizes(random, rank=None):
    """Sizes of which no two are equal: rows, inputs, outputs, rank. At rank 1, where alpha and alpha / r are one number, only
    where that is asked for."""
    m, n, k = random.sample(range(3, 8), 3)
    return m, n, k, rank or random.choice([r for r in (2, 3, 4) if r < min(n, k) and r != m])


def _layer(random, n, k, r, zero_b=False):
    return [tensor("W0", rows(random, k, n)), tensor("bias", rows(random, 1, k)), tensor("A", rows(random, r, n)),
            tensor("B", [[0] * r for _ in range(k)] if zero_b else rows(random, k, r))]


FORWARD = ["plain", "start", "dropout", "merged", "dropout_without_stream", "folded", "merged_dropout", "x_frozen",
           "rank_1", "root"]


def _forward(random, index):
    kind = FORWARD[index % len(FORWARD)]
    m, n, k, r = _sizes(random, 1 if kind == "rank_1" else None)
    if kind == "folded":
        m = 6
        n, k = random.sample([4, 5, 7], 2)
        r = 3
    inputs = [text("call", "forward"), ["number", "alpha", round(random.uniform(1, 9), 2)],
              text("rule", RULES[kind == "root"]), *_layer(random, n, k, r, kind == "start"),
              tensor("x", rows(random, m, n)), tensor("dh", rows(random, m, k))]
    if "dropout" in kind:
        inputs.append(["number", "dropout", round(random.uniform(0.3, 0.6), 2)])
    if kind in ("dropout", "merged_dropout"):
        inputs.append(["number", "stream", random.randint(1, 999)])
    if kind.startswith("merged"):
        inputs.append(tensor("merged", rows(random, k, n)))
    if kind == "folded":
        inputs.append(["ints", "folded", [2, 3]])
    if kind == "x_frozen":
        inputs.append(text("x_frozen", "yes"))
    return case(kind, index, *inputs)


def _by_hand(random, index):
    kind = ["plain", "mask", "one_row", "rank_1", "mask", "zero_b"][index % 6]
    m, n, k, r = _sizes(random, 1 if kind == "rank_1" else None)
    if kind == "one_row":
        m = 1
    inputs = [text("call", "by_hand"), *_layer(random, n, k, r, kind == "zero_b"),
              ["number", "s", round(random.uniform(1.5, 4) * random.choice([1, -1]), 2)],
              tensor("X", rows(random, m, n)), tensor("dH", rows(random, m, k))]
    if kind in ("mask", "one_row", "rank_1"):
        p = random.choice([0.25, 0.5])
        inputs.append(tensor("K", [[random.choice([0, 1 / (1 - p)]) for _ in range(n)] for _ in range(m)]))
    return case(kind, index, *inputs)


SLOTS = ["a.q", "a.qq", "b.attn.q", "b.attn.seq", "b.up"]
INJECT = ["ending", "patterns", "no_such_name", "names", "regex", "rank_too_large", "twice", "dotted", "first_pattern",
          "list_and_regex"]


def _inject(random, index):
    kind = INJECT[index % len(INJECT)]
    order = random.sample(SLOTS, len(SLOTS))
    sizes = [random.sample(range(4, 8), 2) for _ in SLOTS]
    inputs = [text("call", "inject"), text("slots", ",".join(order)), ["ints", "in", [n for n, _ in sizes]],
              ["ints", "out", [k for _, k in sizes]], ["number", "seed", random.randint(1, 999)],
              ["ints", "rank", [random.randint(1, 2)]], ["number", "alpha", random.randint(1, 9)]]
    targets = {"ending": "q", "patterns": "q,up", "no_such_name": "q,query", "names": ",".join(random.sample(SLOTS, 2)),
               "regex": None, "rank_too_large": "q,seq,up", "twice": "up,qq", "dotted": "attn.q,a.qq",
               "first_pattern": "q,seq", "list_and_regex": "q"}[kind]
    if targets:
        inputs.append(text("targets", targets))
    if kind in ("regex", "list_and_regex"):
        inputs.append(text("regex", random.choice([r".*\.q+", r"b\..*", r"[ab]\.[qu].*"])))
    if kind == "patterns":
        inputs += [text("ranks", "up=3"), text("alphas", f"b.attn.q={random.randint(10, 20)}")]
    if kind == "first_pattern":
        inputs += [text("ranks", "attn.q=4,q=3"), text("alphas", "seq=0.5,q=-2")]
    if kind == "rank_too_large":
        inputs.append(text("ranks", f"{[name for name in order if name not in ('a.qq',)][-1]}=8"))
    if kind == "twice":
        inputs.append(text("twice", "yes"))
    return case(kind, index, *inputs)


def _merge(random, index):
    kind = ["plain", "negative", "infinite", "rank_1", "root", "nan", "alpha_0", "small"][index % 8]
    _, n, k, r = _sizes(random, 1 if kind == "rank_1" else None)
    alpha = {"negative": -2.5, "alpha_0": 0}.get(kind, round(random.uniform(1, 9), 2))
    inputs = [text("call", "merge"), ["number", "alpha", alpha], text("rule", RULES[kind == "root"]),
              *_layer(random, n, k, r)]
    if kind in ("infinite", "nan"):
        inputs[-1][4][random.randrange(k * r)] = float("inf" if kind == "infinite" else "nan")
    if kind == "small":  # W0 + dW - dW is far from W0
        inputs[-4] = tensor("W0", rows(random, k, n, -1e-6, 1e-6))
    return case(kind, index, *inputs)


SAVE = ["plain", "norm_trains", "merged", "taken", "blocked", "patterns", "no_layers", "taken_too"]


def _save(random, index):
    """Two of three projections are wrapped. All numbers are multiples of 1/64, which a float holds."""
    kind = SAVE[index % len(SAVE)]
    fine = lambda m, n: [[random.randint(-64, 64) / 64 for _ in range(n)] for _ in range(m)]  # noqa: E731
    inputs = [text("call", "save"), text("slots", "a.q,a.v,b.q"), ["number", "alpha", random.randint(1, 9)],
              text("rule", RULES[index % 2])]
    ranks = [2, 0, 1 if kind == "patterns" else 2]
    for i, rank in enumerate(ranks):
        n, k = random.sample(range(3, 6), 2)
        inputs.append(tensor(f"W{i}", fine(k, n)))
        if rank and kind != "no_layers":
            inputs += [tensor(f"A{i}", fine(rank, n)), tensor(f"B{i}", fine(k, rank))]
    labels = {"taken": "format=pt", "taken_too": "lowrank.r=2"}.get(kind, f"task=nli,seed={random.randint(1, 99)}")
    inputs += [text("metadata", labels), text("base_model", random.choice(["toy", "base.safetensors"]))]
    if kind in ("norm_trains", "merged", "blocked"):
        inputs.append(text(kind, "yes"))
    return case(kind, index, *inputs)


SHOWN = ["right", "alpha-alone", "unmerge-subtracts", "assigns"]


def _layers(random, index):
    made = case(SHOWN[index], index, text("call", "check_layers"), text("engine", SHOWN[index]))
    return {**made, "gate": True} if SHOWN[index] == "right" else made


RIGHT = (4, 9, 14)  # of the layers of docs/course/engines/a4_hidden.cpp


def _hidden_layers(random, count):
    """What runs a student's tests is told a number, and not whether the layer is a right one; the order is the ID's."""
    made = [case("engine", index, ["number", "engine", engine]) for index, engine in enumerate(random.sample(range(count), count))]
    return [{**one, "gate": True} if one["inputs"][0][2] in RIGHT else one for one in made]


QUESTIONS = {"a4.q1": _scale, "a4.q2": _start, "a4.q3": _forward, "a4.q4": _by_hand, "a4.q5": _inject, "a4.q6": _merge,
             "a4.q7": _save, "a4.q8": _layers}
HIDDEN_AT_ONCE = {"a4.q8": _hidden_layers}
