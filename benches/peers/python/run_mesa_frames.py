"""Drives mesa-frames: purses in one table, and each step an operation on all of it."""

from importlib.metadata import version

import driver
import polars
from mesa_frames import AgentSetPolars, ModelDF


class Purses(AgentSetPolars):
    def __init__(self, model, agents, coins):
        super().__init__(model)
        self.add(
            polars.DataFrame(
                {
                    "unique_id": polars.arange(agents, eager=True),
                    "coins": polars.repeat(coins, agents, dtype=polars.Int64, eager=True),
                    "coming": polars.repeat(0, agents, dtype=polars.Int64, eager=True),
                }
            )
        )

    def step(self):
        """What came in the last step is received; then whoever has a coin gives one to anybody."""
        coins = polars.col("coins")
        self.agents = self.agents.with_columns(coins=coins + polars.col("coming"))
        self.select(self.agents["coins"] > 0)
        gifts = len(self.active_agents)
        seed = int(self.model.random.integers(2**31))
        whom = self.agents["unique_id"].sample(n=gifts, with_replacement=True, seed=seed)
        coming = whom.to_frame().group_by("unique_id").len(name="coming")
        self.agents = (
            self.agents.with_columns(coins=coins - (coins > 0).cast(polars.Int64))
            .drop("coming")
            .join(coming, on="unique_id", how="left", maintain_order="left")
            .with_columns(polars.col("coming").fill_null(0).cast(polars.Int64))
        )


class Wealth(ModelDF):
    def __init__(self, agents, settings, seed):
        super().__init__(seed)
        self.purses = Purses(self, agents, int(settings.coins))
        self.agents += self.purses

    def advance(self):
        self.agents.do("step")

    def look(self, step):
        (purses,) = self.agents._agentsets
        return {f"gini at {step}": driver.gini(purses.agents["coins"].to_numpy())}


if __name__ == "__main__":
    driver.main("mesa-frames", version("mesa_frames"), {"wealth": Wealth})
