"""Birds in Mesa's continuous space. All act at once, by two stages: all look, and then all fly."""

import numpy
from mesa import Model
from mesa.experimental.continuous_space import ContinuousSpace, ContinuousSpaceAgent

SPEED, COHERE, SEPARATION, SEPARATE, ALIGN = 1.0, 0.03, 1.0, 0.015, 0.05


class Bird(ContinuousSpaceAgent):
    def __init__(self, model, space, position, course):
        super().__init__(space, model)
        self.position = position
        self.course = course

    def look(self):
        near, distances = self.get_neighbors_in_radius(self.model.vision)
        self.next = self.course
        if near:
            away = self.space.calculate_difference_vector(self.position, agents=near)
            pull = COHERE * away.sum(axis=0) - SEPARATE * away[distances < SEPARATION].sum(axis=0)
            pull += ALIGN * numpy.asarray([other.course for other in near]).sum(axis=0)
            self.next = self.course + pull / len(near)
            self.next /= numpy.linalg.norm(self.next)

    def fly(self):
        self.course = self.next
        self.position = self.position + SPEED * self.course


class Flocking(Model):
    def __init__(self, agents, settings, seed):
        super().__init__(seed=seed)
        self.side, self.vision = settings.side, settings.vision
        self.space = ContinuousSpace([[0, self.side]] * 2, torus=True, random=self.random, n_agents=agents)
        angle = self.rng.random(agents) * 2 * numpy.pi
        courses = numpy.stack([numpy.cos(angle), numpy.sin(angle)], 1)
        Bird.create_agents(self, agents, self.space, self.rng.random((agents, 2)) * self.side, courses)

    def step(self):
        self.agents.do("look")
        self.agents.do("fly")

    def advance(self):
        self.step()

    def look(self, step):
        at = self.space.agent_positions
        gap = at[:, None] - at[None]
        gap -= self.side * numpy.round(gap / self.side)
        near = (gap**2).sum(-1) <= self.vision**2
        course = numpy.asarray([bird.course for bird in self.agents]).mean(axis=0)
        return {
            f"order at {step}": float(numpy.hypot(*course)),
            f"neighbours at {step}": float((near.sum() - len(at)) / len(at)),
        }
