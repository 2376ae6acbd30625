"""The programs that are compared: how they are built, how they are run, and what they print."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
BUILT = ROOT / "target" / "peers"
# Libraries below Python would take all cores otherwise: all programs run on one.
ONE_THREAD = {name: "1" for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


class Trouble(Exception):
    """What ends the program with code 2: a tool is missing, or cannot build what it should."""


class Failure(Exception):
    """A run that came to nothing: said in the table, and the others go on."""


@dataclass(frozen=True)
class Run:
    program: str
    version: str
    workload: str
    seed: int
    seconds: float
    setup_seconds: float
    peak_rss_bytes: int
    figures: dict


def tool(name, why):
    path = shutil.which(name)
    if path is None:
        raise Trouble(f"{name} is missing: {why}")
    return path


def build(command, what, **options):
    print(f"building {what} ...", file=sys.stderr)
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode != 0:
        raise Trouble(f"{what} cannot be built:\n{done.stdout[-3000:]}")


def last_object(text):
    """The JSON object in the last line of what a program printed."""
    lines = text.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines else None
    except json.JSONDecodeError as error:
        raise Failure(f"its last line is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise Failure("it printed no JSON object")
    return found


def output_of(command):
    done = subprocess.run([str(word) for word in command], text=True, capture_output=True, env=os.environ | ONE_THREAD)
    if done.returncode != 0:
        raise Failure(f"exit code {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


def settings_of(workload):
    return [word for name, value in workload.settings.items() for word in ("--set", f"{name}={value}")]


class Myriad:
    name = "myriad"

    def __init__(self, binary, workers=1):
        self.binary, self.workers = binary, workers
        self.title = "Myriad" if workers == 1 else f"Myriad, {workers} workers"
        self.key = self.name if workers == 1 else f"{self.name}-{workers}"

    @classmethod
    def built(cls, binary=None):
        """With cargo, unless there is a binary."""
        if binary is None:
            build([tool("cargo", "it builds Myriad"), "build", "--release", "--locked"], "Myriad", cwd=ROOT)
            binary = ROOT / "target" / "release" / "myriad"
        if not os.access(binary, os.X_OK):
            raise Trouble(f"{binary} is not a program")
        return cls(Path(binary))

    def run(self, workload, seed, marks=()):
        ticks = workload.steps * workload.ticks_a_step
        told = output_of(
            [self.binary, "run", workload.model, "--agents", workload.agents, "--ticks", ticks, "--seed", seed]
            + ["--workers", self.workers, "--progress", "none", "--json", *settings_of(workload)]
        )
        return self.read(last_object(told), workload, seed, marks)

    def read(self, told, workload, seed, marks):
        """What a summary says; figures are those of its series at the marks."""
        joint = " on day " if workload.model == "sir" else " at "
        figures = {
            f"{series['name']}{joint}{mark}": series["values"][series["ticks"].index(mark * workload.ticks_a_step)]
            for series in told["series"]
            for mark in marks
            if mark * workload.ticks_a_step in series["ticks"]
        }
        sizes = (told["wall_seconds"], told["setup_seconds"], told["peak_rss_bytes"])
        return Run(self.key, "", workload.name, seed, *sizes, figures)


class Driver:
    """A program that runs models in a framework."""

    def __init__(self, name, title, command, extra=()):
        self.name = self.key = name
        self.title, self.command, self.extra = title, command, list(extra)

    def run(self, workload, seed, marks=()):
        wanted = ["--agents", workload.agents, "--steps", workload.steps, "--seed", seed]
        if marks:
            wanted += ["--marks", ",".join(map(str, marks))]
        told = last_object(output_of([*self.command, workload.model, *wanted, *settings_of(workload), *self.extra]))
        return self.read(told, workload, seed)

    def read(self, told, workload, seed):
        for name, value in (("model", workload.model), ("agents", workload.agents), ("steps", workload.steps)):
            if told[name] != value:
                raise Failure(f"it ran {name} {told[name]}, and not {value}")
        sizes = (told["seconds"], told["setup_seconds"], told["peak_rss_bytes"])
        return Run(self.key, told["version"], workload.name, seed, *sizes, told["figures"])


# In the order of the table's columns: name, title, language, what the driver is told besides.
DRIVERS = (
    ("krabmaga", "krABMaga", "rust", ()),
    ("rustsim", "rustsim", "rust", ()),
    ("ixa", "ixa", "rust", ()),
    ("ixa-person", "ixa, plans a person", "rust", ("--set", "by_person=1")),
    ("mesa", "Mesa", "python", ()),
    ("mesa-frames", "mesa-frames", "python", ()),
)
PEERS = tuple(name for name, *_ in DRIVERS)


def rust_drivers(jobs):
    cargo = tool("cargo", "it builds the drivers in Rust")
    words = [cargo, "build", "--release", "--locked", *(["--jobs", str(jobs)] if jobs else [])]
    build(words, "the drivers in Rust", cwd=HERE / "rust", env=os.environ | {"CARGO_TARGET_DIR": str(BUILT / "cargo")})


def environment(name):
    """The Python of a virtual environment that has what the peer's requirements name."""
    folder, wanted = BUILT / name, HERE / "python" / f"requirements-{name}.txt"
    python, stamp = folder / "bin" / "python", folder / "requirements.txt"
    if not stamp.exists() or stamp.read_text() != wanted.read_text():
        build([sys.executable, "-m", "venv", "--clear", folder], f"an environment for {name}")
        build([python, "-m", "pip", "install", "--quiet", "-r", wanted], f"what {name} needs")
        shutil.copy(wanted, stamp)
    return python


def drivers(names, jobs):
    """The drivers of the peers of these names, built."""
    chosen = [driver for driver in DRIVERS if driver[0] in names]
    if any(language == "rust" for _, _, language, _ in chosen):
        rust_drivers(jobs)
    made = []
    for name, title, language, extra in chosen:
        if language == "rust":
            command = [BUILT / "cargo" / "release" / f"peer-{name.partition('-')[0]}"]
        else:
            command = [environment(name), HERE / "python" / f"run_{name.replace('-', '_')}.py"]
        made.append(Driver(name, title, command, extra))
    return made
