"""The equivalence gate: what peers give over many seeds, beside what Myriad gives."""

import re
import sys
from dataclasses import dataclass

from compare.programs import ROOT, Failure, Trouble
from compare.welch import Sample, welch

# The probability that sound programs differ in any figure of the whole run.
FALSE_ALARM = 1e-3
REFERENCE = ROOT / "tests" / "it" / "equivalence.rs"


@dataclass(frozen=True)
class Comparison:
    workload: str
    model: str
    peer: str
    figure: str
    theirs: Sample
    ours: Sample
    against: str
    p: float


def reference(model, path=REFERENCE):
    """Figures of a model's plain reference program, by name, as the test that compares the gallery with it has them.
    Among them is what Myriad's summary does not say."""
    try:
        text = path.read_text()
    except OSError as error:
        raise Trouble(f"the reference figures cannot be read: {error}") from error
    table = re.search(r"// benches/peers/reference/" + re.escape(model.replace("-", "_")) + r"\.py(.*?)\];", text, re.S)
    rows = re.findall(r'\("([^"]+)", ([-\d._e]+), ([\d._e-]+), (\d+)\)', table.group(1)) if table else []
    return {name: Sample(float(mean), float(spread), int(count)) for name, mean, spread, count in rows}


def over_seeds(program, workload, seeds):
    """Figures by name, each a list over the seeds."""
    print(f"  {workload.name}: {program.title}, {seeds} seeds", file=sys.stderr)
    runs = [program.run(workload, seed, workload.marks) for seed in range(1, seeds + 1)]
    return {name: [run.figures[name] for run in runs] for name in runs[0].figures}, runs


def compare(workload, myriad, peers, seeds):
    """Comparisons, runs, and what went wrong by peer."""
    peers = [peer for peer in peers if peer.name in workload.gated]
    if not peers:
        return [], [], {}
    ours, runs = over_seeds(myriad, workload, seeds)
    samples = {name: (Sample.of(values), "Myriad") for name, values in ours.items()}
    if workload.size == "small":
        known = reference(workload.model)
        samples = {name: (sample, "reference") for name, sample in known.items() if name not in samples} | samples
    comparisons, failures = [], {}
    for peer in peers:
        try:
            theirs, more = over_seeds(peer, workload, seeds)
        except Failure as failure:
            failures[peer.name] = str(failure)
            continue
        runs += more
        for name in sorted(theirs, key=lambda name: int(re.search(r"\d+", name).group())):
            if name in samples:
                sample, (own, against) = Sample.of(theirs[name]), samples[name]
                p = welch(sample, own)
                comparisons.append(
                    Comparison(workload.name, workload.model, peer.name, name, sample, own, against, p)
                )
    return comparisons, runs, failures


def level(comparisons):
    """Below which p a figure differs (Bonferroni)."""
    return FALSE_ALARM / max(len(comparisons), 1)


def differing(comparisons):
    """Those that differ, by model and peer."""
    found = {}
    for one in comparisons:
        if one.p < level(comparisons):
            found.setdefault((one.model, one.peer), []).append(one)
    return found
