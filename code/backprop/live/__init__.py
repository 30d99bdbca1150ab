"""Live figures: a Python class with plain traits and a JavaScript module each, live in the built
book and in JupyterLab.
"""

from .activations import Activations
from .adversarial_digit import AdversarialDigit
from .alignment import Alignment
from .attention_map import AttentionMap
from .base import LiveFigure
from .basins import Basins
from .batch_normalisation import BatchNormalisation
from .boxes import Boxes
from .broken_line import BrokenLine
from .computational_graph import ComputationalGraph
from .convolution import Convolution
from .deep_gradients import DeepGradients
from .descent_race import DescentRace
from .draw_digit import DrawDigit
from .gradient_flow import GradientFlow
from .gradient_through_time import GradientThroughTime
from .learning_rate import LearningRate
from .loss_scale import LossScale
from .losses import Losses
from .meta_step import MetaStep
from .neuron import Neuron
from .nine_slices import NineSlices
from .overfitting import Overfitting
from .playground import Playground
from .price import Price
from .recommender import Recommender
from .soft_look_up import SoftLookUp
from .staircase import Staircase
from .steepest import Steepest
from .truncation import Truncation
from .tug_of_war import TugOfWar

__all__ = [
    "LiveFigure",
    "GradientFlow",
    "Activations",
    "NineSlices",
    "Losses",
    "LossScale",
    "MetaStep",
    "Neuron",
    "ComputationalGraph",
    "Convolution",
    "BatchNormalisation",
    "GradientThroughTime",
    "AttentionMap",
    "SoftLookUp",
    "DescentRace",
    "DrawDigit",
    "Playground",
    "Recommender",
    "DeepGradients",
    "LearningRate",
    "Overfitting",
    "Truncation",
    "Price",
    "TugOfWar",
    "BrokenLine",
    "AdversarialDigit",
    "Alignment",
    "Boxes",
    "Steepest",
    "Staircase",
    "Basins",
]
