"""Runs a command that a student's code is part of, behind walls.

The walls are bubblewrap's (Debian package bubblewrap): the command sees a system to read, the folders
that are named, and one folder of its own to write. It has no network and no other processes. Limits on
time, memory, files and processes are the kernel's (setrlimit). A command that runs past its time is killed
with all that it started, and so is one that the sanitizers watch, whose address space cannot be limited, when
all of it together has more in memory than it may.
"""

import os
import pwd
import resource
import selectors
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

# What each wall keeps out, by bubblewrap's option.
WALLS = {
    "--unshare-user": "rights of the user who grades",
    "--unshare-pid": "other processes",
    "--unshare-net": "the network",
    "--unshare-ipc": "shared memory",
    "--unshare-uts": "the name of the machine",
}


@dataclass(frozen=True)
class Limits:
    """What a command may use. Memory is address space, in bytes, of each process; `resident` is what all of them together
    have in memory."""

    seconds: float = 10
    memory: int = 1 << 30
    resident: int = 0  # 0: not looked at
    file_bytes: int = 16 << 20
    processes: int = 64
    output_bytes: int = 4 << 20


COMPILING = Limits(seconds=120, memory=4 << 30, file_bytes=256 << 20, processes=64)
SANITIZED = Limits(memory=resource.RLIM_INFINITY, resident=1 << 30)  # they reserve terabytes of address space
SANITIZERS_OPTIONS = {"ASAN_OPTIONS": "detect_leaks=0", "UBSAN_OPTIONS": "print_stacktrace=1"}
LOOK_AFTER = 0.02  # seconds from one look at what no limit of the kernel's keeps to the next


@dataclass
class Ended:
    """How a command ended. `reason` is empty where it ended by itself with exit code 0."""

    code: int
    output: str
    errors: str
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class Box:
    """Where a command runs: a folder that it may write, and `readable` ones, each under the name that it has here."""

    folder: Path
    readable: tuple = ()
    trusted: bool = False  # without walls, where the kernel gives none; limits stay

    def run(self, command, limits=Limits(), stdin=""):
        """Runs it with the folder as the working directory; returns Ended, and raises nothing."""
        words = [str(word) for word in command]
        return _limited(words if self.trusted else self._walled(words), self.folder, limits, stdin)

    def _walled(self, command):
        words = ["bwrap", *WALLS, "--unshare-cgroup-try", "--die-with-parent", "--new-session", "--clearenv"]
        words += ["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LC_ALL", "C.UTF-8"]
        for name, value in SANITIZERS_OPTIONS.items():
            words += ["--setenv", name, value]
        words += ["--ro-bind", "/usr", "/usr", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
        for name in ("bin", "lib", "lib64", "sbin"):
            where = Path("/") / name
            if where.is_symlink():
                words += ["--symlink", os.readlink(where), str(where)]
            elif where.exists():
                words += ["--ro-bind", str(where), str(where)]
        for path in ("/etc/alternatives", *self.readable):
            if Path(path).exists():
                words += ["--ro-bind", str(path), str(path)]
        return words + ["--bind", str(self.folder), str(self.folder), "--chdir", str(self.folder), *command]


def missing_walls():
    """The walls that this kernel does not give, each by what it keeps out; all where there is no bwrap."""
    if shutil.which("bwrap") is None:
        return list(WALLS.values())
    stands = lambda options: (
        subprocess.run(
            ["bwrap", *options, "--ro-bind", "/", "/", "true"], stdin=subprocess.DEVNULL, capture_output=True
        ).returncode
        == 0
    )
    if stands(WALLS):
        return []
    return [what for option, what in WALLS.items() if not stands(["--unshare-user-try", option])]


def _set(limits):
    def before_the_command():
        def at_most(what, value):
            resource.setrlimit(what, (value, value))

        at_most(resource.RLIMIT_CPU, int(limits.seconds) + 1)
        at_most(resource.RLIMIT_AS, limits.memory)
        at_most(resource.RLIMIT_FSIZE, limits.file_bytes)
        at_most(resource.RLIMIT_NPROC, limits.processes)
        at_most(resource.RLIMIT_CORE, 0)

    return before_the_command


def _nobody(folder):
    """Who runs it where root grades: the kernel does not count the processes of root."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("nobody")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _limited(words, folder, limits, stdin):
    begun = time.monotonic()
    try:
        process = subprocess.Popen(
            words,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, **SANITIZERS_OPTIONS},
            preexec_fn=_set(limits),
            **_nobody(folder),
        )
    except OSError as error:
        return Ended(127, "", "", 0, f"{words[0]} cannot be started: {error.strerror}")
    texts, reason = _read(process, stdin.encode(), limits, begun)
    _kill(process)
    code = process.wait()
    if not reason and code < 0:
        reason = f"killed by {signal.Signals(-code).name}"
    elif not reason and code > 128 and code - 128 in signal.valid_signals():
        reason = f"killed by {signal.Signals(code - 128).name}"
    elif not reason and code != 0:
        reason = f"exit code {code}"
    output, errors = (text.decode("utf-8", "replace") for text in texts)
    return Ended(code, output, errors, time.monotonic() - begun, reason)


def _read(process, given, limits, begun):
    """What it prints, to its end or until a limit is passed; and which."""
    texts = [bytearray(), bytearray()]
    streams = {process.stdout: texts[0], process.stderr: texts[1]}
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            os.set_blocking(stream.fileno(), False)
            selector.register(stream, selectors.EVENT_READ)
        if given:
            os.set_blocking(process.stdin.fileno(), False)
            selector.register(process.stdin, selectors.EVENT_WRITE)
        else:
            process.stdin.close()
        while any(key.fileobj in streams for key in selector.get_map().values()):
            passed = _passed(process, limits, begun)
            if passed:
                return texts, passed
            for key, _ in selector.select(LOOK_AFTER):
                if key.fileobj is process.stdin:
                    given = _write(process.stdin, given, selector)
                    continue
                part = key.fileobj.read(1 << 16)
                if not part:
                    selector.unregister(key.fileobj)
                    continue
                streams[key.fileobj] += part
                if sum(map(len, texts)) > limits.output_bytes:
                    return texts, f"more than {limits.output_bytes} bytes of output"
    while True:  # it may have closed both and go on
        try:
            process.wait(LOOK_AFTER)
            return texts, ""
        except subprocess.TimeoutExpired:
            passed = _passed(process, limits, begun)
            if passed:
                return texts, passed


def _passed(process, limits, begun):
    """The limit that it has passed, of those that are looked after here."""
    if time.monotonic() - begun > limits.seconds:
        return f"longer than {limits.seconds:g} seconds"
    if limits.resident and _resident(process.pid) > limits.resident:
        return f"more than {limits.resident >> 20} MiB of memory"
    return ""


def _resident(pid):
    """Bytes in memory of a process and of all that it has started: behind the wall that keeps out other processes, one
    whose parent has ended belongs to the first."""
    pages, left = 0, [str(pid)]
    while left:
        process = Path("/proc") / left.pop()
        try:
            pages += int((process / "statm").read_text().split()[1])
            for thread in (process / "task").iterdir():
                left += (thread / "children").read_text().split()
        except OSError:
            pass  # it has ended
    return pages * resource.getpagesize()


def _write(stream, given, selector):
    try:
        given = given[os.write(stream.fileno(), given) :]
    except BlockingIOError:
        return given
    except BrokenPipeError:
        given = b""
    if not given:
        selector.unregister(stream)
        stream.close()
    return given


def _kill(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
