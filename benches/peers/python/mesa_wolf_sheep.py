"""Wolves, sheep and grass on a grid of Mesa's. Grass grows by events of Mesa's simulator, as in its own example. So the
simulator has to run the model: where `model.step()` is called instead, its clock stands still and no grass grows."""

import math

from mesa import Model
from mesa.discrete_space import CellAgent, FixedAgent, OrthogonalMooreGrid
from mesa.experimental.devs import ABMSimulator


class Grass(FixedAgent):
    def __init__(self, model, cell, wait):
        super().__init__(model)
        self.cell = cell
        cell.grass = self
        self.is_grown = wait == 0
        if wait:
            self.grow_in(wait)

    def grow_in(self, ticks):
        """Events of a tick come after its step."""
        self.model.simulator.schedule_event_relative(self.grow, ticks)

    def grow(self):
        self.is_grown = True


class Animal(CellAgent):
    def __init__(self, model, cell, energy):
        super().__init__(model)
        self.cell = cell
        self.energy = energy

    def step(self):
        self.cell = self.cell.neighborhood.select_random_cell()
        self.energy -= 1
        self.eat()
        if self.energy < 0:
            self.remove()
        elif self.random.random() < self.bears():
            self.energy /= 2
            type(self)(self.model, self.cell, self.energy)


class Sheep(Animal):
    def bears(self):
        return self.model.settings.sheep_bear

    def eat(self):
        grass = self.cell.grass
        if grass.is_grown:
            grass.is_grown = False
            grass.grow_in(int(self.model.settings.regrowth))
            self.energy += self.model.settings.grass_energy


class Wolf(Animal):
    def bears(self):
        return self.model.settings.wolf_bears

    def eat(self):
        sheep = [one for one in self.cell.agents if isinstance(one, Sheep)]
        if sheep:
            self.random.choice(sheep).remove()
            self.energy += self.model.settings.sheep_energy


class WolfSheep(Model):
    def __init__(self, agents, settings, seed):
        super().__init__(seed=seed)
        self.settings, side = settings, int(settings.side)
        self.simulator = ABMSimulator()
        self.simulator.setup(self)
        self.grid = OrthogonalMooreGrid((side, side), torus=False, capacity=math.inf, random=self.random)
        cells = self.grid.all_cells.cells
        for kind, count, gain in ((Sheep, agents, "grass_energy"), (Wolf, int(settings.wolves), "sheep_energy")):
            energies = [self.random.randrange(2 * int(settings[gain])) for _ in range(count)]
            kind.create_agents(self, count, self.random.choices(cells, k=count), energies)
        for cell in cells:
            wait = 0 if self.random.random() < 0.5 else self.random.randint(1, int(settings.regrowth))
            Grass(self, cell, wait)

    def step(self):
        # A kind that has died out is not known any more.
        for kind in (Sheep, Wolf):
            if kind in self.agents_by_type:
                self.agents_by_type[kind].shuffle_do("step")

    def advance(self):
        self.simulator.run_for(1)

    def look(self, step):
        kinds = self.agents_by_type
        return {
            f"sheep at {step}": len(kinds.get(Sheep, ())),
            f"wolves at {step}": len(kinds.get(Wolf, ())),
            f"grass at {step}": sum(grass.is_grown for grass in kinds[Grass]),
        }
