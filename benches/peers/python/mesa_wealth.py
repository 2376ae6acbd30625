"""Purses in Mesa. All give at once, by two stages: what came in the last step is received, and then given from."""

from driver import gini
from mesa import Agent, Model


class Purse(Agent):
    def __init__(self, model, coins):
        super().__init__(model)
        self.coins = coins
        self.coming = 0

    def receive(self):
        self.coins += self.coming
        self.coming = 0

    def give(self):
        if self.coins > 0:
            self.coins -= 1
            self.random.choice(self.model.purses).coming += 1


class Wealth(Model):
    def __init__(self, agents, settings, seed):
        super().__init__(seed=seed)
        # A list of one's own, to draw from: an AgentSet would have to make one for each draw.
        self.purses = list(Purse.create_agents(self, agents, int(settings.coins)))

    def step(self):
        self.agents.do("receive")
        self.agents.do("give")

    def advance(self):
        self.step()

    def look(self, step):
        return {f"gini at {step}": gini([purse.coins for purse in self.purses])}
