"""Households on a grid of Mesa's, in random order; moves are seen at once."""

from mesa import Model
from mesa.discrete_space import CellAgent, OrthogonalMooreGrid


class Household(CellAgent):
    def __init__(self, model, cell, group):
        super().__init__(model)
        self.cell = cell
        self.group = group

    def step(self):
        near = self.cell.get_neighborhood(radius=self.model.radius).agents
        if sum(other.group == self.group for other in near) < self.model.wanted:
            self.cell = self.model.grid.select_random_empty_cell()


class Schelling(Model):
    def __init__(self, agents, settings, seed):
        super().__init__(seed=seed)
        side = int(settings.side)
        self.radius, self.wanted = int(settings.radius), settings.wanted
        self.grid = OrthogonalMooreGrid((side, side), torus=False, capacity=1, random=self.random)
        cells = self.random.sample(self.grid.all_cells.cells, agents)
        Household.create_agents(self, agents, cell=cells, group=[nth % 2 for nth in range(agents)])

    def step(self):
        self.agents.shuffle_do("step")

    def advance(self):
        self.step()

    def look(self, step):
        same = pairs = 0
        for one in self.agents:
            for other in one.cell.get_neighborhood(radius=self.radius).agents:
                pairs += 1
                same += other.group == one.group
        return {f"alike at {step}": same / pairs}
