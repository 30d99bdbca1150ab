"""Live figures: a Python class with plain traits and a JavaScript module each, live in the built book and in JupyterLab."""
from .activations import Activations
from .base import LiveFigure
from .computational_graph import ComputationalGraph
from .descent_race import DescentRace
from .draw_digit import DrawDigit
from .gradient_flow import GradientFlow
from .losses import Losses
from .neuron import Neuron
from .playground import Playground

__all__ = ["LiveFigure", "GradientFlow", "Activations", "Losses", "Neuron", "ComputationalGraph", "DescentRace", "DrawDigit", "Playground"]
