"""Cases of assignment a3: QUESTIONS[question](random, index) is case number `index`, drawn from `random`."""

from cases import case, tensor


def rows(random, m, n, low=-1.5, high=1.5):
    return [[round(random.uniform(low, high), 2) for _ in range(n)] for _ in range(m)]


def _mask(random, B, T, hide=()):
    """Padding here and there, never all of a row of the batch; batch rows in `hide` have nothing else."""
    mask = [int(random.random() < 0.6) for _ in range(B * T)]
    for b in range(B):
        if b in hide:
            mask[b * T:(b + 1) * T] = [0] * T
        elif not any(mask[b * T:(b + 1) * T]):
            mask[b * T + random.randrange(T)] = 1
    if all(mask):
        mask[random.randrange(B) * T] = 0
    return ["ints", "mask", mask]


# ---- q1 and q2: the op ----


def _visible(random, index):
    kind = ["causal", "fewer_queries", "padding", "more_queries", "padding_causal", "everything"][index % 6]
    B = 2 if kind.startswith("padding") else 1
    small, large = sorted(random.sample(range(2, 6), 2))
    Tq, Tk = {"causal": (large, large), "fewer_queries": (small, large), "padding": (small, large),
              "more_queries": (large, small), "padding_causal": (small, large), "everything": (large, small)}[kind]
    causal = int(kind not in ("padding", "everything"))
    inputs = [["text", "call", "visible_keys"], ["ints", "sizes", [B, Tq, Tk, 1, causal]]]
    if B > 1:
        inputs.append(_mask(random, B, Tk))
    return case(kind, index, *inputs)


ATTENTION = ["causal", "two_heads", "nothing_to_see", "earlier", "permuted", "hidden", "large", "one_input"]


def _attention(random, index):
    kind = ATTENTION[index % len(ATTENTION)]
    T = random.randint(3, 4)
    B, Tq, Tk, heads, C, causal = {
        "causal": (1, T, T, 1, 2, 1), "two_heads": (2, 2, 3, 2, 4, 1), "nothing_to_see": (2, 2, 3, 1, 2, 0),
        "earlier": (2, 3, 4, 2, 4, 1), "permuted": (1, 3, 4, 2, 4, 0), "hidden": (1, 3, 4, 1, 2, 1),
        "large": (1, 3, 3, 1, 2, 1), "one_input": (1, 3, 3, 2, 4, 1)}[kind]
    if index >= len(ATTENTION) and kind in ("causal", "two_heads", "one_input"):  # other sizes where nobody looks
        Tq = Tk if kind == "one_input" else random.randint(2, Tk)
        heads = random.choice([1, 2, 4])
        C = heads * random.randint(1, 3)
    size = 100.0 if kind == "large" else 1.5
    ask = kind if kind in ("earlier", "permuted", "hidden") else "values"
    inputs = [["text", "call", "attention"], ["text", "ask", ask], ["ints", "sizes", [B, Tq, Tk, heads, causal]],
              tensor("q", rows(random, B * Tq, C, -size, size)), tensor("k", rows(random, B * Tk, C, -size, size)),
              tensor("v", rows(random, B * Tk, C))]
    if kind == "nothing_to_see":
        inputs.append(_mask(random, B, Tk, hide=[random.randrange(B)]))
    if kind == "hidden":
        inputs.append(_mask(random, B, Tk))
    if kind == "earlier":
        inputs.append(["ints", "change", [random.randint(Tk - Tq + 1, Tk - 1)]])
    if kind == "permuted":
        inputs += [["ints", "keys", _other_order(random, Tk)], ["ints", "queries", _other_order(random, Tq)]]
    if kind == "one_input":
        inputs.append(["text", "one_input", "yes"])
    if kind in ("causal", "two_heads", "nothing_to_see", "one_input"):
        inputs.append(tensor("u", rows(random, B * Tq, C)))
    return case(kind, index, *inputs)


def _other_order(random, n):
    order = list(range(n))
    while order == list(range(n)):
        random.shuffle(order)
    return order


# ---- q3 and q4: layers ----


def _layer_inputs(random, call, B, T, C, heads, **more):
    d_mlp = random.choice([3, 5])
    inputs = [["text", "call", call], ["number", "seed", random.randint(1, 999)],
              ["ints", "config", [5, T, C, 1, heads, d_mlp]], ["ints", "sizes", [B, T]],
              tensor("x", rows(random, B * T, C))]
    return inputs + [["text", key, value] for key, value in more.items()]


def _layer(random, index):
    kind = ["gradients", "padding", "earlier", "wrapped"][index % 4]
    B, T = (2, 3) if kind == "padding" else (1, random.randint(3, 4))
    heads = 2 if index < 4 else random.choice([1, 2, 4])
    C = 4
    inputs = _layer_inputs(random, "layer", B, T, C, heads, **({"wrapped": "yes"} if kind == "wrapped" else {}))
    if kind in ("gradients", "wrapped"):
        inputs.append(tensor("u", rows(random, B * T, C)))
    if kind == "padding":
        inputs.append(_mask(random, B, T))
    if kind == "earlier":
        inputs.append(["ints", "change", [random.randint(1, T - 1)]])
    return case(kind, index, *inputs)


BLOCK = ["mlp", "mlp_tanh", "block", "earlier", "wanted", "padding", "dropout", "decoder"]


def _block(random, index):
    kind = BLOCK[index % len(BLOCK)]
    if kind == "decoder":
        return _decoder(random, index)
    B, T = {"mlp": (1, 3), "mlp_tanh": (1, 3), "wanted": (2, 3), "padding": (2, 3)}.get(kind, (1, 3))
    more = {"gelu": "tanh"} if kind in ("mlp_tanh", "earlier") else {}
    if kind in ("wanted", "mlp_tanh"):
        more["wrapped"] = "yes"
    C = 4
    inputs = _layer_inputs(random, "mlp" if kind.startswith("mlp") else "block", B, T, C, 2, **more)
    n = B * T
    if kind == "wanted":
        n = random.randint(2, 3)
        inputs.append(["ints", "wanted", random.sample(range(B * T), n)])
    if kind == "padding":
        inputs.append(_mask(random, B, T))
    if kind == "earlier":
        inputs.append(["ints", "change", [random.randint(1, T - 1)]])
    if kind == "dropout":
        inputs.append(["number", "dropout", random.choice([0.25, 0.4])])
    if kind in ("mlp", "block", "wanted", "dropout"):
        inputs.append(tensor("u", rows(random, n, C)))
    return case(kind, index, *inputs)


def _decoder(random, index):
    V, T = 5, 4
    ids = random.sample(range(V), T)  # no two alike, so that an exchange is one
    return case("decoder", index, ["text", "call", "decoder"], ["number", "seed", random.randint(1, 999)],
                ["ints", "config", [V, T, 4, 1, 2, 5]], ["ints", "ids", ids],
                ["ints", "change", [random.randint(1, T - 1)]])


# ---- q5 and q6 ----


def _loss(random, index):
    kind = ["weighted", "not_asked", "no_target", "out_of_range", "does_not_fit", "nothing_counts"][index % 6]
    B, T, V = (4, 4, 4) if kind == "out_of_range" else (2, 3, random.choice([4, 5]))
    n = B * T
    ids, targets = ([random.randrange(V) for _ in range(n)] for _ in range(2))
    weights = [random.choice([0.25, 0.5, 1.0, 2.0]) for _ in range(n)]
    if kind in ("not_asked", "no_target"):
        for i in random.sample(range(n), random.randint(2, 3)):
            weights[i] = 0.0
            if kind == "no_target":
                targets[i] = random.choice([-1, V, 99])
    if kind == "nothing_counts":
        weights = [0.0] * n
    extra = []
    if kind == "out_of_range":
        position, target = random.randint(11, n - 1), random.choice([77, 88, -99])
        targets[position] = target
        extra = [["number", "target", target], ["number", "position", position]]
    if kind == "does_not_fit":
        random.choice([ids, targets, weights]).pop()
    return case(kind, index, ["text", "call", "loss"], ["ints", "sizes", [B, T]], ["ints", "ids", ids],
                ["ints", "targets", targets], tensor("weights", [weights]), tensor("of_token", rows(random, V, V)),
                tensor("of_place", rows(random, T, V)), *extra)


GENERATE = ["greedy", "equals", "stop", "full", "stop_at_once", "nothing", "not_finite", "no_room"]


def _chain(random, V):
    """A table by which the tokens follow one another in a random order, and the order."""
    order = random.sample(range(V), V)
    table = rows(random, V, V, -1.0, 1.0)
    for here, following in zip(order, order[1:] + order[:1]):
        table[here][following] = round(random.uniform(1.5, 2.0), 2)
    return order, table


def _generate(random, index):
    kind = GENERATE[index % len(GENERATE)]
    V = random.randint(5, 6)
    order, table = _chain(random, V)
    context, max_tokens, stop, prompt = 9, 4, -1, [random.randrange(V), order[0]]
    if kind == "equals":  # two are as likely as the most likely one
        most = max(table[order[0]])
        for token in random.sample(range(V), 3):
            table[order[0]][token] = most
    if kind == "stop":
        stop = order[2]
    if kind == "stop_at_once":
        stop = order[1]
    if kind == "full":
        max_tokens, context = 50, random.randint(5, 7)
    if kind == "nothing":
        max_tokens = 0
    if kind == "not_finite":
        table[order[1]][random.randrange(V)] = random.choice([float("nan"), float("inf")])
    if kind == "no_room":
        context = len(prompt)
    inputs = [["text", "call", "generate"], ["ints", "options", [max_tokens, stop, context]],
              ["ints", "prompt", prompt], tensor("of_token", table)]
    if kind in ("greedy", "full"):
        inputs.append(tensor("of_place", rows(random, context, V)))
    return case(kind, index, *inputs)


def _generate_hidden(random, index):
    """Some with a temperature too: drawing is the library's there."""
    made = _generate(random, index)
    if index % len(GENERATE) == 0 and index:
        made["inputs"] += [["number", "temperature", random.choice([0.5, 1.0, 2.0])],
                           ["number", "top_k", random.randint(0, 3)]]
        made["name"] = f"drawn_{index}"
    return made


# ---- q7 ----

LETTERS, LENGTH = 3, 2
T = 2 * LENGTH


def _text(random, shift):
    """Letters, a colon, and what is to be said: the letters backwards, each moved on by `shift` in the alphabet."""
    letters = [random.randrange(LETTERS) for _ in range(LENGTH)]
    text = [*letters, LETTERS, *((letter + shift) % LETTERS for letter in reversed(letters))]
    return text[:-1], text[1:]


TRAIN = ["whole", "parts", "clipped", "frozen", "decoder"]


def _row_counts(random, kind, index):
    """Of the batches of one step."""
    if kind == "whole" or (kind == "decoder" and index < len(TRAIN)):
        return [6]
    return [2, 4] if kind == "decoder" else random.choice([[1, 4], [3, 2], [1, 1, 2]])


def _steps(random, kind, index, count):
    """The inputs that say what is learned from: batches whose weights differ, one behind the other."""
    shift = random.randrange(LETTERS)
    parts, row_counts, ids, targets, weights = [], [], [], [], []
    for _ in range(count):
        batches = _row_counts(random, kind, index)
        parts.append(len(batches))
        row_counts += batches
        for size in batches:
            heavy = random.choice([0.5, 1, 2])
            for _ in range(size):
                read, said = _text(random, shift)
                ids, targets = ids + read, targets + said
                weights.append([0] * LENGTH + [heavy if i else 1 for i in range(LENGTH)])
    return [["number", "T", T], ["ints", "parts", parts], ["ints", "rows", row_counts], ["ints", "ids", ids],
            ["ints", "targets", targets], tensor("weights", weights)]


def _train(random, index):
    kind = TRAIN[index % len(TRAIN)]
    decoder = kind == "decoder"
    inputs = [["text", "call", "train"], ["text", "model", "decoder" if decoder else "perceptron"],
              ["number", "seed", random.randint(1, 999)],
              ["ints", "config", [LETTERS + 1, T, 8 if decoder else 4, 1, 2, 16]],
              *_steps(random, kind, index, 70 if decoder else 10),
              ["number", "lr", 0.02 if decoder else random.choice([0.01, 0.02])],
              ["ints", "warmup", [random.randint(2, 4)]],
              ["text", "decay", "cosine" if decoder else random.choice(["cosine", "linear"])],
              ["number", "weight_decay", random.choice([0.0, 0.1])],
              ["number", "max_norm", 0.05 if kind == "clipped" else 1.0]]
    if kind == "frozen":
        inputs.append(["text", "frozen", random.choice(["tok.weight", "pos.weight", "head.bias"])])
    if kind in ("parts", "frozen"):
        inputs.append(["text", "old_gradients", "yes"])
    if decoder and index < len(TRAIN):
        inputs.append(["number", "reach", 0.9])
    return case(kind, index, *inputs)


QUESTIONS = {"a3.q1": _visible, "a3.q2": _attention, "a3.q3": _layer, "a3.q4": _block, "a3.q5": _loss,
             "a3.q6": _generate, "a3.q7": _train}
HIDDEN = {"a3.q6": _generate_hidden}
