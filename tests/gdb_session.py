"""Runs the debugging session of docs/debugging.md and compares what gdb says with what the page says.

    gdb -nx -batch -ex 'python program = "PROGRAM"' -x tests/gdb_session.py   (in the project's folder)

gdb is started as the page says, on PROGRAM and without the user's own settings. The page's blocks
that begin with ```gdb are one session: a line "(gdb) command" is a command, the lines up to the next
one are what it prints. Line numbers are not compared, decimal numbers to 1 %, and a line "..." stands
for any lines. With LOWRANK_WRITE_SESSION=FILE the page is
written to FILE with the output of this run in place of its own. LOWRANK_WITHOUT_PRINTERS=1 is the
control: the session must then not be as the page says. The gdb that runs this script lends only its
Python; the session runs in another one. Exit code 0: as the page says; 1: not.
"""

import os
import re
import shlex
import subprocess

import gdb

PAGE = "docs/debugging.md"
PROMPT = "(gdb) "
# What gdb says about processes and threads, which differs from system to system.
NOISE = re.compile(r"^(\[.*\]|Continuing\.|Starting program: .*|Using host libthread_db.*|\s*|warning: .*"
                   r"|Download failed.*|Run till exit from.*)$")


def blocks(text):
    """-> list of (is it part of the session?, its lines)"""
    parts, inside, lines = [], False, []
    for line in text.splitlines():
        if line.startswith("```") and (line == "```gdb" or inside):
            if not inside:
                lines.append(line)
            parts.append((inside, lines))
            lines = [] if not inside else [line]
            inside = not inside
        else:
            lines.append(line)
    return parts + [(False, lines)]


def exchanges(lines):
    """-> list of (command, the lines it should print)"""
    result = []
    for line in lines:
        if line.startswith(PROMPT):
            result.append((line[len(PROMPT):], []))
        elif result:
            result[-1][1].append(line)
    return result


def started_by_page():
    """-> the words of the page's own line that starts gdb, the program last."""
    with open(PAGE) as page:
        line = next(line for line in page if line.startswith("gdb "))
    return shlex.split(line, comments=True)


def run(commands):
    """-> for each command the lines that gdb prints, in one session from its standard input."""
    mark = "@@@"
    command = started_by_page()
    arguments = [command[0], "-nh", "-q", "-iex", "set confirm off", "-iex", "set pagination off",
                 "-iex", "set width 0", "-iex", "set style enabled off", *command[1:-1],
                 "-ex", f"set prompt {mark}"]
    if os.environ.get("LOWRANK_WITHOUT_PRINTERS"):
        arguments += ["-ex", "disable pretty-printer global lowrank"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "ASAN_OPTIONS": "detect_leaks=0",
                   "DEBUGINFOD_URLS": ""}
    session = subprocess.run([*arguments, program], input="\n".join([*commands, "kill", "quit"]) + "\n",
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             env=environment, timeout=1200)
    outputs = session.stdout.split(mark)[1:]
    outputs += ["gdb did not come so far"] * (len(commands) - len(outputs))
    return [[line.rstrip() for line in output.splitlines() if not NOISE.match(line)]
            for output in outputs]


def normal(line):
    """Without line numbers, folders of libraries and, in a backtrace, the numbers of frames."""
    line = re.sub(r"^#\d+ +(?=.* (at|from) \S+$)", "#N ", line)
    line = re.sub(r" from \S*/", " from ", line)
    line = re.sub(r"([a-z_]+\.(?:cpp|h)):\d+", r"\1:N", line)
    line = re.sub(r"\bline \d+\b", "line N", line)
    line = re.sub(r"Hardware watchpoint", "Watchpoint", line)
    return re.sub(r"^\d+\t", "N\t", line)


NUMBER = re.compile(r"-?\d+\.\d+(?:e[-+]\d+)?|-?\d+e[-+]\d+")


def same_line(expected, actual):
    expected, actual = normal(expected), normal(actual)
    if re.sub(r" +", " ", NUMBER.sub("#", expected)) != re.sub(r" +", " ", NUMBER.sub("#", actual)):
        return False
    pairs = zip(NUMBER.findall(expected), NUMBER.findall(actual))
    return all(abs(float(a) - float(b)) <= 0.01 * abs(float(a)) + 2e-4 for a, b in pairs)


def same(expected, actual):
    """The lines agree, where "..." may stand for any number of them."""
    if not expected:
        return not actual
    if expected[0] == "...":
        return any(same(expected[1:], actual[i:]) for i in range(len(actual) + 1))
    return bool(actual) and same_line(expected[0], actual[0]) and same(expected[1:], actual[1:])


def main():
    with open(PAGE, encoding="utf-8") as file:
        parts = blocks(file.read())
    session = [exchange for inside, lines in parts if inside for exchange in exchanges(lines)]
    outputs = iter(run([command for command, _ in session]))
    written, failures = [], 0
    for inside, lines in parts:
        if not inside:
            written += lines
            continue
        for command, expected in exchanges(lines):
            actual = next(outputs)
            agrees = same(expected, actual)
            # Where the page leaves lines out, what agrees stays; all else is written anew, with today's
            # line numbers.
            written += [PROMPT + command] + (expected if agrees and "..." in expected else actual)
            if not agrees:
                failures += 1
                print("\n".join([f"{PAGE}: {PROMPT}{command}", "  the page says:",
                                 *("    " + line for line in expected), "  gdb says:",
                                 *("    " + line for line in actual)]))
    target = os.environ.get("LOWRANK_WRITE_SESSION")
    if target:
        with open(target, "w", encoding="utf-8") as file:
            file.write("\n".join(written) + "\n")
    print(f"{len(session)} commands, {failures} of which print something else than {PAGE} says")
    gdb.execute(f"quit {0 if session and not failures else 1}")


main()
