"""Cases of assignment a5: QUESTIONS[question](random, index) is case number `index`, drawn from `random`."""

import itertools
import statistics

from cases import case, tensor

NAN = float("nan")
T_975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228]


def _pairs(random, index):
    kind = ["plain", "two_bases", "without_partner", "diverged", "twice", "no_run", "many_rows"][index % 7]
    bases = random.sample(range(101, 400), 1 if kind == "plain" else 2)
    seeds = random.sample(range(1, 12), random.randint(3, 4))
    rows = random.sample(range(9), 4 if kind == "many_rows" else 2)
    runs = [[row, base, seed, round(random.uniform(40, 90), 1)] for row in rows for base in bases for seed in seeds]
    random.shuffle(runs)
    asked = [run for run in runs if run[0] in rows[:2]]
    if kind == "without_partner":
        runs.remove(asked[0])
        runs.remove(asked[1])
    if kind in ("diverged", "many_rows"):
        asked[0][3] = NAN
    if kind == "twice":
        runs.append([*asked[1][:3], 50.0])
    if kind == "no_run":
        runs = [run for run in runs if run[0] != rows[1]]
    return case(kind, index, ["text", "call", "pairs_of"], tensor("runs", runs), ["number", "a", rows[0]],
                ["number", "b", rows[1]])


def _differences(random, kind, margin):
    """Differences of which it is known what is to be said."""
    n = random.randint(4, 11)
    if kind == "two_pairs":
        n = 2
    if kind == "too_many":
        n = 12
    if kind == "at_margin":
        return [-margin] * random.choice([4, 8])
    if kind == "all_equal":
        return [round(random.uniform(-margin + 1, 4), 1)] * n
    noise = [random.gauss(0, 1) for _ in range(n)]
    if kind == "narrow":  # of three pairs, between what n - 1 says and what n says
        n, noise = 3, [-1.0, 0.1, 0.9]
    middle = statistics.mean(noise)
    half = T_975[n - 2] * statistics.stdev(noise) / n ** 0.5 if n < 12 else 1
    scale = random.uniform(0.3, 1.5)
    if kind in ("no_effect", "two_pairs", "too_many", "diverged", "without_partner"):  # holds by far, if by anything
        mean, scale = random.uniform(-0.3, 0.3), 0.4 * margin / half
    if kind == "large_noise":
        mean, scale = random.uniform(-1, 1) - margin, random.uniform(4, 8)
    if kind == "worse":
        mean = -margin - scale * half * random.uniform(1.3, 3)
    if kind == "better":
        mean = -margin + scale * half * random.uniform(1.3, 3)
    if kind == "narrow":
        mean = -margin + random.choice([-1, 1]) * scale * half * random.uniform(0.86, 0.95)
    if kind == "nearly":  # 2 in the place of t would do
        mean = -margin + random.choice([-1, 1]) * scale * half * random.uniform(0.92, 0.97)
    return [mean + scale * (x - middle) for x in noise]


def _verdict(random, index):
    kind = ["no_effect", "worse", "large_noise", "two_pairs", "narrow", "diverged", "over_tasks", "at_margin", "better",
            "without_partner", "all_equal", "over_tasks", "nearly", "too_many", "negative_margin", "no_task"][index % 16]
    if kind == "over_tasks":
        choices = [list(c) for k in (2, 3) for c in itertools.product(range(3), repeat=k)]
        verdicts = [1, 2] if index == 6 else [2, 0, 1] if index == 11 else random.choice(choices)
        return case(kind, index, ["text", "call", "over_tasks"], ["ints", "verdicts", verdicts])
    if kind == "no_task":
        return case(kind, index, ["text", "call", "over_tasks"], ["ints", "verdicts", []])
    margin = random.choice([2.0, 3.0, 4.0])
    differences = _differences(random, "no_effect" if kind == "negative_margin" else kind, margin)
    if kind == "negative_margin":
        margin = -1.0
    made = case(kind, index, ["text", "call", "verdict"], tensor("differences", [differences]), ["number", "margin", margin],
                ["number", "not_finite", int(kind == "diverged")],
                ["number", "without_partner", int(kind == "without_partner")])
    return {**made, "gate": True} if index < 2 else made  # who always says the same has nothing


def _rates(random, index):
    kind = ["inside", "highest", "tie", "diverged", "uneven", "beyond", "one_rate", "twice", "all_diverged", "lowest",
            "lucky_seed"][index % 11]
    rows, seeds = random.sample(range(9), 2), random.sample(range(101, 120), 3)
    rates = [0.0025 * 2 ** i for i in range(1 if kind == "one_rate" else 4)]
    runs = []
    for row in rows:
        best = {"highest": len(rates) - 1, "lowest": 0}.get(kind, random.randrange(1, max(2, len(rates) - 1)))
        for place, lr in enumerate(rates):
            for seed in seeds:
                runs.append([row, lr, seed, float(random.randint(60, 64) - 6 * abs(place - best))])
    of = lambda row, lr: [run for run in runs if run[:2] == [row, lr]]  # noqa: E731
    if kind == "tie":
        for other, run in zip(of(rows[0], rates[2]), of(rows[0], rates[1])):
            run[3] = other[3] = run[3] + 20
    if kind == "diverged":
        for run in of(rows[0], rates[3]):
            run[3] = 90.0
        of(rows[0], rates[3])[-1][3] = NAN
    if kind == "lucky_seed":
        of(rows[1], rates[3])[0][3] = 80.0
    if kind == "uneven":
        of(rows[1], rates[2])[0][2] = 99
    if kind == "twice":
        runs.append([*runs[2][:3], 70.0])
    if kind == "all_diverged":
        for run in runs:
            run[3] = NAN if run[0] == rows[0] and run[2] == seeds[1] else run[3]
    if kind == "beyond":
        runs += [[rows[0], 2 * rates[-1], seed, 30.0] for seed in seeds]
    random.shuffle(runs)
    return case(kind, index, ["text", "call", "chosen_rates"], tensor("runs", runs))


QUESTIONS = {"a5.q1": _pairs, "a5.q2": _verdict, "a5.q3": _rates}
