"""Drives Mesa."""

import driver
import mesa
from mesa_flocking import Flocking
from mesa_schelling import Schelling
from mesa_wealth import Wealth
from mesa_wolf_sheep import WolfSheep

MODELS = {"flocking": Flocking, "schelling": Schelling, "wealth": Wealth, "wolf-sheep": WolfSheep}

if __name__ == "__main__":
    driver.main("mesa", mesa.__version__, MODELS)
