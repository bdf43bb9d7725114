"""Makes one run of a student's sweep again, with the library's own program. Not in a student tree.

Which run it is, the ID and a word that is drawn at grading decide. Nothing has to be kept secret: until then nobody knows
the word. The sheet has it, and `grade --draw WORD` draws the same run.
"""

import json
import math
import random
import re
import secrets
import subprocess
import tempfile
import time
from pathlib import Path

import hand_in
from holes import CourseError
from sheets import Mark

SECONDS = 1800  # that one run and its base may take
LEAST_SPREAD = 0.002  # of a score: a few test examples
OPTIONS = ("task", "targets", "rank", "alpha", "scaling", "dropout", "lr_ratio", "lr", "steps", "examples", "seed",
           "base_seed")
VALUE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,+/()-]{0,40}")


class NotMarked(Exception):
    """Why the question has no mark yet."""


def of_this_machine(program):
    """The program's commit, compiler and flags, and the processor, as run.json names them."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
    except (OSError, subprocess.SubprocessError) as error:
        raise NotMarked(f"{program} does not run: {error}") from None
    flags = [line.removeprefix("flags ") for line in said if line.startswith("flags ")]
    if len(said) < 3 or not flags:
        raise NotMarked(f"{program} is no program of this library")
    models = re.findall(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {"commit": said[1].removeprefix("commit "), "compiler": said[2], "flags": flags[0],
            "cpu": models[0] if models else "unknown"}


def has_equal_bits(card, here):
    """Whether every part of the sweep was made by a program and on a machine that compute as these do, to the last bit. In
    a student's tree their own functions may add up in another order: it has another commit."""
    runs = card["runs"]
    alike = all(run[name] == here[name] for run in runs for name in ("commit", "compiler", "cpu"))
    return bool(runs) and alike and not any("-march=" in run["flags"] for run in [*runs, here])


def arguments(run):
    """The options of ./run train that make this run of a table."""
    words = ["train"]
    given = {name: run[name] for name in OPTIONS}
    if run["task"] == "sqlgen":
        given["facts"] = run["facts"]
    if run["base_steps"] != "0":
        given["base_steps"] = run["base_steps"]
    for name, value in given.items():
        if not VALUE.fullmatch(value):
            raise ValueError(f"{name} is no value of ./run train")
        words += [f"--{name.replace('_', '-')}", value]
    return words


class Rerun:
    """Runs the program; `cache` keeps bases, each for some megabytes, between calls."""

    def __init__(self, program, cache, word=None, say=print):
        self.program, self.cache = Path(program).resolve(), Path(cache).resolve() / "rerun"
        self.word = word or secrets.token_hex(4)
        self.say = say

    def mark(self, tree, student, question, drawn):
        """All points or none. Raises NotMarked where the machine cannot tell."""
        if not self.program.is_file():
            raise NotMarked(f"there is no program {self.program}: `./run tasks` builds one, or --program names one")
        begun = time.monotonic()
        agrees, says = self._compared(tree, student, question, hand_in.statement(drawn))
        return Mark(question["id"], question["title"], question["points"] * agrees, question["points"], says,
                    seconds=time.monotonic() - begun)

    def _compared(self, tree, student, question, want):
        """Whether the drawn run comes out as handed in, and a sentence."""
        try:
            sweeps = [hand_in.load(tree, task) for task in want.tasks]
            drawing = random.Random(f"rerun {student} {self.word}")
            sweep = drawing.choice(sweeps)
            run = drawing.choice(sorted(sweep.runs, key=lambda run: (str(run[want.field]), int(run["seed"]))))
            if not hand_in.is_asked_for(run, sweep.task, want):
                raise ValueError(f"it is of {run['task'][:20]}, base seed {run['base_seed'][:20]}, and not what the ID asks for")
            words, is_exact = arguments(run), has_equal_bits(sweep.card, of_this_machine(self.program))
            named = f"{sweep.task}, {want.field} {run[want.field]}, seed {run['seed']} (draw {self.word})"
            others = [] if is_exact else [run | {"seed": str(seed)} for seed in (1, 2, 3) if str(seed) != run["seed"]]
            handed = hand_in.score(run["value"]), hand_in.score(run["nll"])
            seconds = [float(cell["seconds"]) for cell in sweep.cells]
        except hand_in.Unreadable as error:
            return False, str(error)
        except hand_in.UNREADABLE as error:
            return False, f"the drawn run cannot be made again: {error}"
        base = f"base-{run['base_seed']}"
        about = (1 + len(others)) * min(120, max(seconds)) + (0 if list(self.cache.glob(f"{base}/base/*.safetensors")) else 100)
        self.say(f"{question['id']}: {named}: runs lowrank {' '.join(words)}"
                 f"{f', and {len(others)} more seeds' if others else ''}; about {about:.0f} s")
        value, nll = self._run(words, base)
        if is_exact:
            agrees = hand_in.same(value, handed[0]) and hand_in.same(nll, handed[1])
            return agrees, f"{named}: handed in {handed[0]!r} and nll {handed[1]!r}, here {value!r} and {nll!r}"
        scores = [value, *(self._run(arguments(other), base)[0] for other in others)]
        of_three = [x for other, x in zip([run, *others], scores) if other["seed"] in ("1", "2", "3") and x == x]
        spread = max(LEAST_SPREAD, max(of_three, default=0) - min(of_three, default=0))
        agrees = hand_in.same(value, handed[0]) or abs(value - handed[0]) <= spread
        return agrees, f"{named}: handed in {handed[0]!r}, here {value!r}; seeds 1 to 3 are {spread:.3g} apart"

    def _run(self, words, base):
        """The score and the loss; both NaN where training diverged. `train` scores on other test examples than a sweep,
        which draws them by its seed, so `eval` scores on those."""
        self.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.cache) as folder:
            adapter, seed = f"{folder}/adapter", words[words.index("--seed") + 1]
            if self._called([*words, "--out", adapter], base) is None:
                return math.nan, math.nan
            printed = self._called(["eval", "--adapter", adapter, "--data-seed", seed], base)
        return hand_in.score(printed["value"]), hand_in.score(printed["nll"])

    def _called(self, words, base):
        """What a command of the program prints as JSON; None where training diverged."""
        command = [self.program, *words, "--json", "--results", self.cache / base]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotMarked(f"the program did not end: {type(error).__name__}") from None
        if done.returncode != 0 and "training diverged" in done.stderr:
            return None
        try:
            return json.loads(done.stdout)
        except ValueError:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise NotMarked(f"lowrank {' '.join(words[:3])}: {last}") from None
