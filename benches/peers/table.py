#!/usr/bin/env python3
"""Runs other frameworks and Myriad on the same models, compares what they give, and then how long they take.

Python 3.11 and its standard library. Builds what it needs under target/peers, the environments of the peers in Python
too. See README.md beside this file.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict

from compare import gate, report, self_check, workloads
from compare.programs import PEERS, ROOT, Failure, Myriad, Trouble, drivers

# Runs that take longer than this are not repeated as often.
LONG = 10.0


def names(known):
    def parse(text):
        chosen = text.split(",")
        if unknown := set(chosen) - set(known):
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(known)}")
        return chosen

    return parse


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    add = parser.add_argument
    add("--self-check", action="store_true", help="check the arithmetic of this program, and nothing else")
    add("--only", type=names(workloads.MODELS), help=f"models, of {','.join(workloads.MODELS)}")
    add("--sizes", type=names(workloads.SIZES), help="sizes, of small,large,1m; by default all, with --quick not 1m")
    add("--peers", type=names(PEERS), default=PEERS, help=f"peers, of {','.join(PEERS)}")
    add("--seeds", type=int, help="seeds of the equivalence gate: 30, with --quick 10; 0 leaves the gate out")
    add("--runs", type=int, help="timed runs: 5, with --quick 2; 0 leaves times out")
    add("--long-runs", type=int, default=2, help=f"timed runs of what takes more than {LONG:.0f} s: 2")
    add("--quick", action="store_true", help="fewer seeds and runs, equivalence of small sizes only")
    add("--myriad", metavar="PATH", help="a program to use instead of building Myriad")
    add("--jobs", type=int, help="jobs of cargo for the drivers")
    add("--json", metavar="FILE", help="write all runs and comparisons there")
    chosen = parser.parse_args()
    chosen.sizes = chosen.sizes or (["small", "large"] if chosen.quick else list(workloads.SIZES))
    chosen.seeds = chosen.seeds if chosen.seeds is not None else (10 if chosen.quick else 30)
    chosen.runs = chosen.runs if chosen.runs is not None else (2 if chosen.quick else 5)
    if chosen.seeds == 1 or min(chosen.seeds, chosen.runs, chosen.long_runs) < 0:
        parser.error("--seeds can be 0, or 2 and more; --runs and --long-runs 0 and more")
    return chosen


def first_line(*command):
    try:
        return subprocess.run(command, text=True, capture_output=True, cwd=ROOT).stdout.strip().partition("\n")[0]
    except OSError:
        return "unknown"


def machine(myriad, given):
    """What the times depend on. Of a program that was given, the commit is not known."""
    with open("/proc/cpuinfo") as file:
        processor = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), "unknown")
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "system": first_line("uname", "-sr"),
        "rustc": first_line("rustc", "--version"),
        "python": sys.version.split()[0],
        "myriad": first_line(str(myriad.binary), "--version"),
        "commit": "unknown" if given else first_line("git", "describe", "--always", "--dirty"),
    }


def check_equivalence(chosen, tasks, myriad, peers):
    comparisons, runs, failures = [], [], {}
    print("comparing figures ...", file=sys.stderr)
    for workload in tasks:
        if chosen.quick and workload.size != "small":
            continue
        found, more, failed = gate.compare(workload, myriad, peers, chosen.seeds)
        comparisons += found
        runs += more
        failures |= {(workload.name, peer): why for peer, why in failed.items()}
    return comparisons, runs, failures


def measure(chosen, tasks, programs):
    """Timed runs, program after program in each round, so that noise meets all."""
    runs, failures = [], {}
    print("measuring ...", file=sys.stderr)
    for workload in tasks:
        able = [one for one in programs if one.name == "myriad" or one.name in workload.peers]
        able = [one for one in able if workload.two_workers or one.key != "myriad-2"]
        taken = {}
        for turn in range(chosen.runs):
            for program in able:
                if taken.get(program.key, 0.0) > LONG and turn >= chosen.long_runs:
                    continue
                if (workload.name, program.key) in failures:
                    continue
                start = time.monotonic()
                try:
                    runs.append(program.run(workload, turn + 1))
                except Failure as failure:
                    failures[workload.name, program.key] = str(failure)
                    print(f"  {workload.name}: {program.title} failed: {failure}", file=sys.stderr)
                taken[program.key] = time.monotonic() - start
        shown = ", ".join(f"{key} {seconds:.1f} s" for key, seconds in taken.items())
        print(f"  {workload.name}: the last runs, with all: {shown}", file=sys.stderr)
    return runs, failures


def main():
    chosen = options()
    if chosen.self_check:
        return self_check.run()
    tasks = [
        one
        for one in workloads.ALL
        if one.size in chosen.sizes and one.model in (chosen.only or workloads.MODELS)
    ]
    if not tasks:
        raise Trouble("no model has a size that was asked for")
    if chosen.json:
        # Better known now than after an hour.
        open(chosen.json, "a").close()
    wanted = [name for name in chosen.peers if any(name in task.peers for task in tasks)]
    myriad = Myriad.built(chosen.myriad)
    peers = drivers(wanted, chosen.jobs)
    programs = [myriad, Myriad(myriad.binary, 2), *peers]
    about = machine(myriad, chosen.myriad)

    comparisons, gated, failures = check_equivalence(chosen, tasks, myriad, peers) if chosen.seeds else ([], [], {})
    runs, failed = measure(chosen, tasks, programs) if chosen.runs else ([], {})
    versions = {run.program: run.version for run in gated + runs if run.version}
    about |= {"versions": versions, "load at the end": os.getloadavg()[0]}
    about |= {"seeds compared": f"1 to {chosen.seeds}" if chosen.seeds else "none"}
    about |= {"seeds measured": f"1 to {chosen.runs}" if chosen.runs else "none"}

    print("# Myriad and other frameworks\n")
    print("\n".join(f"- {name}: {value}" for name, value in about.items()))
    titles = {program.key: program.title for program in programs}
    if chosen.seeds:
        print("\n" + report.verdicts(comparisons, failures, titles))
    if runs:
        print("\n" + report.Times(tasks, programs, runs, comparisons, failed).all())
    if chosen.json:
        told = {"about": about, "comparisons": comparisons, "gate": gated, "runs": runs}
        with open(chosen.json, "w") as file:
            json.dump(told, file, default=asdict, indent=1)
            file.write("\n")
    return 1 if failures or failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Trouble, OSError) as trouble:
        print(f"error: {trouble}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
