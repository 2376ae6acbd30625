"""What is printed: verdicts, and tables in Markdown."""

from statistics import median

from compare.gate import FALSE_ALARM, differing, level


def number(value):
    """Three digits that matter, and thousands set apart."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def sample(one):
    return f"{one.mean:.5g} ± {one.deviation:.3g} ({one.count})"


def verdicts(comparisons, failures, titles):
    """A line for each model, size and peer, and below it figures: all, or those that differ marked."""
    lines = [
        "## Equivalence",
        "",
        f"Means over seeds by Welch's test, two-sided; {len(comparisons)} comparisons at a level of {FALSE_ALARM:g} in "
        f"all, {level(comparisons):.2g} each. Mean ± standard deviation (seeds).",
        "",
    ]
    groups = {}
    for one in comparisons:
        groups.setdefault((one.workload, one.peer), []).append(one)
    for (workload, peer), group in groups.items():
        wrong = [one for one in group if one.p < level(comparisons)]
        verdict = f"DIFFERS in {len(wrong)} of {len(group)}" if wrong else "equivalent"
        least = min(one.p for one in group)
        lines.append(f"- **{workload}, {titles[peer]}: {verdict}**; figures: {len(group)}, least p: {least:.2g}")
        for one in group:
            mark = " **(!)**" if one in wrong else ""
            lines.append(
                f"  - {one.figure}: {sample(one.theirs)}; {one.against} {sample(one.ours)}; p = {one.p:.2g}{mark}"
            )
    for (workload, peer), why in failures.items():
        lines.append(f"- **{workload}, {titles[peer]}: FAILED**: {why}")
    return "\n".join(lines)


class Times:
    """Runs by workload and program, and the tables of their medians."""

    def __init__(self, workloads, programs, runs, comparisons, failures):
        self.workloads, self.programs = workloads, programs
        self.wrong, self.failures = differing(comparisons), failures
        self.by = {}
        for run in runs:
            self.by.setdefault((run.workload, run.program), []).append(run)

    def seconds(self, workload, program):
        runs = self.by.get((workload.name, program.key), [])
        return median(run.seconds for run in runs) if runs else None

    def mark(self, workload, program):
        return " (!)" if (workload.model, program.key) in self.wrong else ""

    def cell(self, workload, program, base, show):
        if (workload.name, program.key) in self.failures:
            return "failed"
        seconds = self.seconds(workload, program)
        if seconds is None:
            return "-"
        return f"{show(workload, program, seconds, base)}{self.mark(workload, program)}"

    def milliseconds(self, _, program, seconds, base):
        times = f" ({number(seconds / base)}x)" if base and program is not self.programs[0] else ""
        return f"{number(seconds * 1e3)}{times}"

    def each(self, workload, program, seconds, _):
        """Nanoseconds an agent and step, where there are such, and memory."""
        steps = workload.agent_steps
        memory = median(run.peak_rss_bytes for run in self.by[workload.name, program.key]) / 1e6
        return (f"{number(seconds * 1e9 / steps)} ns, " if steps else "") + f"{number(memory)} MB"

    def table(self, title, workloads, show):
        shown = [
            program
            for program in self.programs
            if any((one.name, program.key) in self.by or (one.name, program.key) in self.failures for one in workloads)
        ]
        lines = [f"| {title} | " + " | ".join(program.title for program in shown) + " |"]
        lines.append("|---|" + "---|" * len(shown))
        for workload in workloads:
            base = self.seconds(workload, self.programs[0])
            cells = [self.cell(workload, program, base, show) for program in shown]
            lines.append(f"| {workload.name} | " + " | ".join(cells) + " |")
        return "\n".join(lines)

    def all(self):
        lines = ["## Times", "", "Milliseconds of the steps of a run, median; set-up apart; times that of Myriad."]
        lines += ["", self.table("ms a run", self.workloads, self.milliseconds)]
        million = [workload for workload in self.workloads if workload.size == "1m"]
        if million:
            lines += ["", self.table("ns an agent and step, peak memory", million, self.each)]
        for (model, peer), figures in self.wrong.items():
            names = ", ".join(sorted({f"{one.figure} ({one.workload})" for one in figures}))
            lines += ["", f"(!) {model}, {peer}: not the same model as far as its output goes: {names}."]
        lines += [f"\n{workload}, {peer}, FAILED: {why}" for (workload, peer), why in self.failures.items()]
        return "\n".join(lines)
