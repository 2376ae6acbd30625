"""What is run: the models with exact parameters, the same for all. Names of parameters are those of the gallery."""

from dataclasses import dataclass, field

SIZES = ("small", "large", "1m")
MODELS = ("schelling", "wolf-sheep", "flocking", "sir", "wealth", "life")


@dataclass(frozen=True)
class Workload:
    model: str
    size: str
    agents: int
    steps: int
    settings: dict = field(default_factory=dict)
    # Steps after which figures are compared: none if they are not.
    marks: tuple = ()
    peers: tuple = ()
    # Peers that are compared at this size; the others would take too long over many seeds.
    gated: tuple = ()
    # Whether Myriad is run with two workers, too.
    two_workers: bool = False

    @property
    def name(self):
        return f"{self.model} {self.size}"

    @property
    def ticks_a_step(self):
        """A step of an epidemic is a day, of which Myriad's clock makes a thousand ticks."""
        return 1000 if self.model == "sir" else 1

    @property
    def agent_steps(self):
        """Of those there are at first; none where a step is not a turn of each agent."""
        return None if self.model == "sir" else (self.agents + int(self.settings.get("wolves", 0))) * self.steps


def meadow(side, wolves, regrowth, sheep_bear, wolf_bears):
    fixed = {"grass_energy": 5, "sheep_energy": 13}
    return fixed | dict(side=side, wolves=wolves, regrowth=regrowth, sheep_bear=sheep_bear, wolf_bears=wolf_bears)


RUST = ("krabmaga", "rustsim")
EPIDEMIC = {"r0": 1.5, "infectious": 3, "first": 10}
ALL = (
    Workload(
        "schelling", "small", 1_000, 20, dict(side=40, radius=1, wanted=3), (0, 5, 20), (*RUST, "mesa"), (*RUST, "mesa")
    ),
    Workload("schelling", "large", 8_000, 20, dict(side=100, radius=2, wanted=8), (0, 5, 20), (*RUST, "mesa"), RUST),
    Workload("schelling", "1m", 1_000_000, 20, dict(side=1118, radius=2, wanted=8), peers=RUST),
    Workload(
        "wolf-sheep",
        "small",
        60,
        100,
        meadow(25, 40, 20, 0.2, 0.1),
        (1, 10, 25, 50, 100),
        (*RUST, "mesa"),
        (*RUST, "mesa"),
    ),
    Workload(
        "wolf-sheep", "large", 1_000, 100, meadow(100, 500, 10, 0.4, 0.2), (1, 10, 25, 50, 100), (*RUST, "mesa"), RUST
    ),
    Workload("wolf-sheep", "1m", 666_667, 10, meadow(2582, 333_333, 10, 0.4, 0.2), peers=RUST),
    Workload(
        "flocking", "small", 200, 100, dict(side=100, vision=5), (10, 30, 100), (*RUST, "mesa"), (*RUST, "mesa")
    ),
    Workload("flocking", "large", 400, 100, dict(side=150, vision=15), (10, 30, 100), (*RUST, "mesa"), RUST),
    Workload("flocking", "1m", 1_000_000, 10, dict(side=7500, vision=15), peers=RUST, two_workers=True),
    Workload("sir", "small", 10_000, 10, EPIDEMIC, (2, 5, 10), ("ixa", "ixa-person"), ("ixa", "ixa-person")),
    Workload("sir", "large", 100_000, 10, EPIDEMIC, (2, 5, 10), ("ixa", "ixa-person"), ("ixa", "ixa-person")),
    Workload("sir", "1m", 1_000_000, 10, EPIDEMIC, peers=("ixa", "ixa-person"), two_workers=True),
    Workload("wealth", "small", 500, 1_000, dict(coins=5), (1_000,), ("mesa", "mesa-frames"), ("mesa", "mesa-frames")),
    Workload("wealth", "large", 10_000, 100, dict(coins=20), (100,), ("mesa", "mesa-frames"), ("mesa-frames",)),
    Workload("wealth", "1m", 1_000_000, 10, dict(coins=20), peers=("mesa", "mesa-frames"), two_workers=True),
    Workload("life", "1m", 1_000_000, 10, dict(living=0.3), two_workers=True),
)
