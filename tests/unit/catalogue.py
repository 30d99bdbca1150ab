"""Every public class and function of the package, found by walking it, and how to call each.

The tables say only what needs arguments; a class or a function with doors that is missing there
fails the test that asks for it, so that what is new is tested without being named.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

import backprop
from backprop.activations import Activation
from backprop.images.boxes import GIoULoss, IoULoss, corners, iou
from backprop.images.squeezenet import Fire, bilinear, prepare
from backprop.language import characters, ctc, encoder_decoder, sentiment, vocabulary
from backprop.language import recogniser, speech
from backprop.language.characters import CharacterModel
from backprop.language.encoder_decoder import EncoderDecoder
from backprop.layers.attention import MultiHeadAttention, attend, attend_backward
from backprop.layers.sequences import (
    AttentionPooling,
    MeanOverTime,
    Positions,
    SumOverTime,
    positions,
)
from backprop.layers.basic import Activate, Bidirectional, EachStep, Flatten, Residual
from backprop.layers.convolution import Conv2D
from backprop.layers.pooling import AveragePool2D, GlobalAveragePool, MaxPool2D
from backprop.layers.embedding import Embedding, SequenceCrossEntropy, sum_of_equal
from backprop.layers.normalization import (
    BatchNorm,
    Dropout,
    LayerNorm,
    standardise,
    standardise_backward,
)
from backprop.layers.clipping import Clipped
from backprop.layers.gated import GRU, LSTM
from backprop.layers.recurrent import RNN, Recurrent
from backprop.loop import History, shuffled
from backprop.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    HalfSquaredError,
    Hinge,
    Huber,
    KullbackLeibler,
    Loss,
    MeanAbsoluteError,
    MeanSquaredError,
)
from backprop.model import Model
from backprop.network import Dense, Layer, Network, Sequential
from backprop.optimizers import SGD, AdaGrad, Adam, AdamW, Nesterov, Optimizer, RMSProp
from backprop.recommendation import factorization, implicit, neighbours, ranking, tables, two_tower
from backprop.studies import attribution, checkpointing, compression, depth, ensemble, meta, muon
from backprop.studies import adapters, experts, float8, precision, relations, scans, transformer
from backprop.training import cosine, train

# figures, exercises and the frame around a page have doors and tests of their own
APART = ("live", "exercises", "plots", "datasets", "frameworks", "stored", "check")


@cache
def found() -> tuple[tuple[str, str, Any], ...]:
    """Module, name and object of all that is public."""
    items = []
    for info in pkgutil.walk_packages(backprop.__path__, "backprop."):
        short = info.name.removeprefix("backprop.")
        if short.split(".")[0] in APART:
            continue
        module = importlib.import_module(info.name)
        for name, thing in vars(module).items():
            if getattr(thing, "__module__", "") == info.name and not name.startswith("_"):
                items.append((short, name, thing))
    return tuple(items)


def subclasses(of: type, but: tuple[type, ...] = ()) -> list[type]:
    """All public classes that are an `of`, without `of` itself and those in `but`."""
    found_here = [c for _, _, c in found() if inspect.isclass(c) and issubclass(c, of)]
    return [c for c in found_here if c is not of and c not in but]


def functions() -> Iterator[tuple[str, Callable]]:
    """Name (module.function) and function of all that are public."""
    for module, name, thing in found():
        if inspect.isfunction(thing):
            yield f"{module}.{name}", thing


def normal(*shape: int) -> Callable[[np.random.Generator], np.ndarray]:
    return lambda rng: rng.normal(size=shape)


# --------------------------------------------------------------------------------- layers
# class: arguments of the constructor (rng and dtype come on top where it takes them), and an input
LAYERS: dict[type, tuple[dict[str, Any], Callable]] = {
    Dense: (dict(d_in=4, d_out=3, activation="tanh"), normal(5, 4)),
    precision.RoundedDense: (dict(d_in=4, d_out=3, activation="tanh"), normal(5, 4)),
    Activate: (dict(activation="tanh"), normal(5, 4)),
    Flatten: ({}, normal(5, 2, 3)),
    EachStep: (dict(layer=lambda: Dense(4, 3, rng=1)), normal(5, 2, 4)),
    Conv2D: (dict(c_in=2, c_out=3, size=2, activation="tanh"), normal(3, 4, 4, 2)),
    MaxPool2D: ({}, normal(3, 4, 4, 2)),
    AveragePool2D: ({}, normal(3, 4, 4, 2)),
    GlobalAveragePool: ({}, normal(3, 4, 4, 2)),
    Fire: (dict(c_in=2, squeeze=1, expand=2), normal(3, 4, 4, 2)),
    BatchNorm: (dict(d=4), normal(5, 4)),
    LayerNorm: (dict(d=4), normal(5, 4)),
    Dropout: (dict(p=0.4), normal(5, 4)),
    Residual: (dict(layers=lambda: [Dense(4, 4, "tanh", rng=1)]), normal(5, 4)),
    RNN: (dict(d=4, h=3), normal(5, 2, 4)),
    LSTM: (dict(d=4, h=3), normal(5, 2, 4)),
    GRU: (dict(d=4, h=3), normal(5, 2, 4)),
    Bidirectional: (
        dict(forwards=lambda: GRU(4, 3, rng=1), backwards=lambda: GRU(4, 3, rng=2)),
        normal(5, 2, 4),
    ),
    Embedding: (dict(count=6, d=4), lambda rng: rng.integers(0, 6, (5, 3))),
    MultiHeadAttention: (dict(d=4, heads=2), normal(5, 2, 4)),
    Positions: ({}, normal(5, 2, 4)),
    MeanOverTime: ({}, normal(5, 2, 4)),
    SumOverTime: ({}, normal(5, 2, 4)),
    AttentionPooling: (dict(d=4), normal(5, 2, 4)),
    transformer.LastElement: ({}, normal(5, 2, 4)),
    scans.LinearRecurrence: (dict(d=4, h=3), normal(5, 2, 4)),
    experts.Mixture: (dict(d_in=4, d_out=3, experts=3, chosen=2), normal(5, 4)),
    adapters.Adapted: (dict(layer=lambda: Dense(4, 3, "tanh", rng=1), rank=2), normal(5, 4)),
    float8.EightBitDense: (dict(d_in=4, d_out=3, activation="tanh"), normal(5, 4)),
}


SINGLE = (precision.RoundedDense, float8.EightBitDense)  # layers that have float32 alone


def layers() -> list[type]:
    return subclasses(Layer, (Recurrent,))


def made(cls: type, seed: Any = 0) -> Layer:
    """A layer of the class, as the table says."""
    arguments, _ = LAYERS[cls]
    arguments = {k: v() if inspect.isfunction(v) else v for k, v in arguments.items()}
    takes = inspect.signature(cls).parameters
    return cls(**arguments, **({"rng": seed} if "rng" in takes else {}))


def fed(cls: type, seed: int = 0) -> np.ndarray:
    """An input for a layer of the class, in its dtype."""
    x = LAYERS[cls][1](np.random.default_rng(seed))
    return x.astype(np.float32) if cls in SINGLE else x


def around(cls: type, seed: int = 0) -> Sequential:
    """A network with a layer of the class in the middle of what makes it a network."""
    layer, x = made(cls, seed), fed(cls)
    shape = layer.output_shape(x.shape[1:])
    dtype = x.dtype if x.dtype.kind == "f" else np.float64
    rest = [Flatten()] if len(shape) > 1 else []
    d = int(np.prod(shape))
    return Sequential(x.shape[1:], [layer, *rest, Dense(d, 2, rng=seed, dtype=dtype)])


# --------------------------------------------------------------------------------- losses
# class: how to make it, outputs, targets
LOSSES: dict[type, tuple[Callable[[], Loss], Callable, Callable]] = {
    HalfSquaredError: (HalfSquaredError, normal(5, 3), normal(5, 3)),
    MeanSquaredError: (MeanSquaredError, normal(5, 3), normal(5, 3)),
    MeanAbsoluteError: (MeanAbsoluteError, normal(5, 3), normal(5, 3)),
    Huber: (Huber, normal(5, 3), normal(5, 3)),
    BinaryCrossEntropy: (BinaryCrossEntropy, normal(5, 3), lambda r: r.integers(0, 2, (5, 3))),
    CrossEntropy: (CrossEntropy, normal(5, 3), lambda r: r.integers(0, 3, 5)),
    KullbackLeibler: (KullbackLeibler, normal(5, 3), lambda r: r.integers(0, 3, 5)),
    Hinge: (Hinge, normal(5, 3), lambda r: 2 * r.integers(0, 2, (5, 3)) - 1),
    SequenceCrossEntropy: (
        SequenceCrossEntropy,
        normal(5, 2, 3),
        lambda r: r.integers(0, 3, (5, 2)),
    ),
    ctc.CTC: (ctc.CTC, normal(5, 4, 3), lambda r: r.integers(1, 3, (5, 2))),
    compression.Distillation: (compression.Distillation, normal(5, 3), normal(5, 3)),
    ensemble.MarginSquaredError: (ensemble.MarginSquaredError, normal(5, 3), normal(5, 3)),
    IoULoss: (IoULoss, lambda r: boxes(r, 5), lambda r: boxes(r, 5)),
    GIoULoss: (GIoULoss, lambda r: boxes(r, 5), lambda r: boxes(r, 5)),
    relations.PairRelation: (
        lambda: relations.PairRelation(np.add.outer(np.arange(3), np.arange(3))),
        normal(6, 3),
        lambda r: r.integers(0, 5, 3),
    ),
}


def boxes(rng: np.random.Generator, n: int) -> np.ndarray:
    low = rng.integers(0, 4, (n, 2))
    return np.hstack([low, low + rng.integers(1, 5, (n, 2))]).astype(float)


# ----------------------------------------------------------------------------- optimisers
OPTIMIZERS: dict[type, Callable[[Network], Any]] = {
    SGD: lambda net: SGD(0.1, momentum=0.9),
    Nesterov: lambda net: Nesterov(0.1),
    AdaGrad: lambda net: AdaGrad(0.1),
    RMSProp: lambda net: RMSProp(0.1),
    Adam: lambda net: Adam(0.1),
    AdamW: lambda net: AdamW(0.1),
    muon.Muon: lambda net: muon.Muon(net),
    Clipped: lambda net: Clipped(Adam(0.1), 1.0),
}


def optimizers() -> list[type]:
    return [*subclasses(Optimizer), Clipped]


# --------------------------------------------------------------------------------- models
MODELS: dict[type, Callable[[Any], Any]] = {
    Network: lambda rng: Network([3, 4, 2], "tanh", rng=rng),
    Sequential: lambda rng: Sequential(
        (3,), [Dense(3, 4, rng=rng), BatchNorm(4), Activate("tanh"), Dense(4, 2, rng=2)]
    ),
    CharacterModel: lambda rng: CharacterModel("abc", GRU, 3, 4, rng=rng),
    EncoderDecoder: lambda rng: EncoderDecoder(6, 7, 3, 4, 2, rng=rng),
    factorization.RatingModel: lambda rng: factorization.MatrixFactorization(4, 5, 2, rng=rng),
    factorization.MatrixFactorization: lambda rng: factorization.MatrixFactorization(
        4, 5, 2, rng=rng
    ),
    factorization.NeuralFactorization: lambda rng: factorization.NeuralFactorization(
        4, 5, 2, (3,), rng=rng
    ),
    two_tower.TwoTower: lambda rng: two_tower.TwoTower(4, 5, 2, (3,), rng=rng),
}


def models() -> list[type]:
    return subclasses(Model) + subclasses(tables.TableModel)


def learn(model: Any, seed: int = 5) -> float:
    """One batch for a model of the table: loss and gradients."""
    rng = np.random.default_rng(seed)
    if isinstance(model, CharacterModel):
        ids = rng.integers(0, 3, (2, 6))
        loss, grad = SequenceCrossEntropy().both(model.forward(ids[:, :-1]), ids[:, 1:])
        model.backward(grad)
        return loss
    if isinstance(model, EncoderDecoder):
        letters, sounds = rng.integers(1, 6, (3, 4)), rng.integers(4, 7, (3, 2))
        batch = encoder_decoder.pairs(letters, sounds)
        return model.loss_and_gradients(SequenceCrossEntropy(ignore=0), *batch)
    if isinstance(model, two_tower.TwoTower):
        return model.loss_and_gradients(rng.integers(0, 4, 6), rng.integers(0, 5, 6))
    if isinstance(model, tables.TableModel):
        columns = rng.integers(0, 4, 6), rng.integers(0, 5, 6), rng.normal(size=6)
        return model.loss_and_gradients(*columns)
    X, t = rng.normal(size=(6, 3)), rng.integers(0, 2, 6)
    return model.loss_and_gradients(CrossEntropy(), X, t)


# ------------------------------------------------------------------------------ functions
def small() -> Network:
    return Network([4, 3, 2], "tanh", rng=1)


def two_digits() -> speech.Digits:
    clips = [np.arange(96.0).reshape(4, 24), -np.arange(120.0).reshape(5, 24)]
    return speech.Digits(clips, np.array([3, 8]), np.array(["anna", "anna"]), np.zeros(2, int))


# function: a right call of it; what it is given twice must give the same twice
CALLS: dict[Callable, Callable[[], dict[str, Any]]] = {
    corners: lambda: dict(centred=np.array([[2.0, 3, 2, 4]])),
    iou: lambda: dict(p=np.array([[0.0, 0, 2, 2]]), t=np.array([[1.0, 1, 3, 3]])),
    prepare: lambda: dict(pictures=np.arange(48.0).reshape(1, 4, 4, 3), side=3),
    bilinear: lambda: dict(length=4, wanted=3),
    characters.pieces: lambda: dict(ids=np.arange(60) % 3, streams=2, T=5, rng=7),
    characters.train_characters: lambda: dict(
        net=CharacterModel("abc", GRU, 3, 4, rng=1),
        text="abcab" * 20,
        optimizer=SGD(0.1),
        epochs=1,
        streams=2,
        T=5,
        rng=7,
    ),
    encoder_decoder.pairs: lambda: dict(letters=np.array([[5]]), sounds=np.array([[7, 8]])),
    encoder_decoder.batches: lambda: dict(
        x=np.array([[5, 0], [4, 4]]), y=np.array([[7, 8], [6, 0]]), size=1, rng=7
    ),
    ctc.posterior: lambda: dict(z=np.arange(12.0).reshape(4, 3), t=np.array([1, 2])),
    ctc.best_alignment: lambda: dict(z=np.arange(12.0).reshape(4, 3), t=np.array([1, 2])),
    recogniser.recogniser: lambda: dict(h=3, rng=7, T=8),
    speech.spectrogram: lambda: dict(x=np.sin(np.arange(500.0))),
    speech.listen: lambda: dict(x=np.sin(np.arange(500.0)), T=8),
    speech.resound: lambda: dict(frames=np.full((3, 24), -30.0), rng=7),
    speech.joined: lambda: dict(clips=[np.arange(96.0).reshape(4, 24)], rng=7, varied=True),
    speech.phrases: lambda: dict(digits=two_digits(), n=2, rng=7, longest=2, T=60, varied=True),
    sentiment.build: lambda: dict(kind="mean", V=9, T=4, d=3, rng=7),
    vocabulary.words: lambda: dict(text="good film"),
    attend: lambda: dict(
        Q=np.arange(8.0).reshape(1, 2, 4),
        K=np.arange(12.0).reshape(1, 3, 4) / 2,
        V=np.arange(6.0).reshape(1, 3, 2),
    ),
    attend_backward: lambda: dict(
        grad=np.ones((1, 2, 2)),
        Q=np.arange(8.0).reshape(1, 2, 4),
        K=np.arange(12.0).reshape(1, 3, 4),
        V=np.arange(6.0).reshape(1, 3, 2),
        A=np.eye(3)[None, [0, 2]],
    ),
    positions: lambda: dict(T=3, d=4),
    sum_of_equal: lambda: dict(ids=np.array([1, 0, 1]), grad=np.arange(6.0).reshape(3, 2)),
    standardise: lambda: dict(x=np.arange(6.0).reshape(3, 2), axis=0, eps=1e-5),
    standardise_backward: lambda: dict(
        grad=np.arange(6.0).reshape(3, 2),
        x_hat=np.ones((3, 2)),
        inverse=np.ones((1, 2)),
        axis=0,
    ),
    tables.train_tables: lambda: dict(
        model=factorization.MatrixFactorization(4, 5, 2, rng=1),
        columns=(np.arange(4), np.arange(4), np.arange(4.0)),
        epochs=1,
        batch_size=2,
        rng=7,
    ),
    factorization.fold_in: lambda: dict(
        Q=np.arange(6.0).reshape(3, 2), surprise=np.array([1.0, 0, 2]), vectors=1.0, biases=1.0
    ),
    neighbours.user_neighbours: lambda: dict(likes=np.eye(4, 5), k=2),
    neighbours.film_neighbours: lambda: dict(likes=np.eye(4, 5), k=2),
    neighbours.ease: lambda: dict(likes=np.eye(4, 5), penalty=1.0),
    neighbours.neighbour_surprises: lambda: dict(
        surprise=np.eye(4, 5), rated=np.eye(4, 5), shrink=1.0, trust=1.0
    ),
    implicit.implicit_factors: lambda: dict(
        likes=np.eye(4, 5), d=2, weight=0.1, penalty=1.0, sweeps=1, rng=7
    ),
    two_tower.in_batch_softmax: lambda: dict(
        U=np.arange(6.0).reshape(3, 2), V=np.arange(6.0).reshape(3, 2)
    ),
    attribution.score_gradient: lambda: dict(net=small(), X=np.ones((2, 4)), k=np.array([0, 1])),
    attribution.loss_gradient: lambda: dict(net=small(), X=np.ones((2, 4)), t=np.array([0, 1])),
    attribution.integrated_gradients: lambda: dict(
        net=small(), X=np.ones((2, 4)), k=np.array([0, 1]), steps=3
    ),
    attribution.fgsm: lambda: dict(net=small(), X=np.ones((2, 4)), t=np.array([0, 1]), epsilon=0.1),
    attribution.pgd: lambda: dict(
        net=small(), X=np.ones((2, 4)), t=np.array([0, 1]), epsilon=0.1, steps=2, rng=7, reach=1
    ),
    attribution.one_hot: lambda: dict(k=np.array([0, 1]), z=np.zeros((2, 3))),
    checkpointing.loss_and_gradients: lambda: dict(
        net=small(), loss=CrossEntropy(), X=np.ones((2, 4)), t=[0, 1], segment=1
    ),
    compression.prune: lambda: dict(net=small(), keep=0.5),
    compression.quantise: lambda: dict(W=np.arange(6.0).reshape(3, 2), bits=4),
    compression.packed: lambda: dict(q=np.array([[1, -2]]), bits=4),
    compression.unpacked: lambda: dict(
        data=compression.packed(np.array([[1, -2]]), 4), bits=4, shape=(1, 2)
    ),
    compression.size_in_bytes: lambda: dict(net=small(), bits=4),
    depth.initialise: lambda: dict(net=small(), scheme="he", rng=7),
    depth.error_sizes: lambda: dict(net=small(), X=np.ones((2, 4)), grad=np.ones((2, 2))),
    depth.jacobian: lambda: dict(net=small(), x=np.ones((1, 4))),
    depth.deep_classifier: lambda: dict(
        activation="tanh", gain=1.0, depth=2, d=3, inputs=4, classes=2, rng=7
    ),
    ensemble.folds: lambda: dict(n=7, parts=2, rng=7),
    ensemble.blocks: lambda: dict(groups=np.array([0, 0, 1, 1]), parts=2),
    meta.initial: lambda: dict(rng=7),
    meta.sinusoids: lambda: dict(rng=7, tasks=2),
    meta.points: lambda: dict(rng=7, task=meta.sinusoids(1, 2), n=3),
    meta.adapt: lambda: dict(
        theta=np.tile(meta.initial(1), (2, 1)),
        x=np.ones((2, 3, 1)),
        y=np.ones((2, 3, 1)),
        alpha=0.1,
    ),
    meta.meta_gradient: lambda: dict(
        theta=meta.initial(1),
        support=(np.ones((2, 3, 1)), np.ones((2, 3, 1))),
        query=(np.ones((2, 3, 1)), np.ones((2, 3, 1))),
        alpha=0.1,
    ),
    muon.newton_schulz: lambda: dict(G=np.arange(6.0).reshape(3, 2), steps=2),
    precision.to_float16: lambda: dict(x=np.array([1.0, 3.0])),
    precision.to_bfloat16: lambda: dict(x=np.array([1.0, 3.0])),
    ranking.recall_at_k: lambda: dict(
        ranked=np.array([[0, 1]]), liked=np.array([[True, False, True]])
    ),
    ranking.ndcg_at_k: lambda: dict(
        ranked=np.array([[0, 1]]), liked=np.array([[True, False, True]])
    ),
    relations.train_on_pairs: lambda: dict(
        net=Network([4, 3], rng=1),
        loss=relations.PairRelation(np.add.outer(np.arange(3), np.arange(3))),
        first=np.ones((4, 4)),
        second=np.ones((4, 4)),
        t=np.array([0, 1, 2, 3]),
        optimizer=SGD(0.1),
        epochs=1,
        batch_size=2,
        schedule=cosine,
        rng=7,
    ),
    sentiment.folds: lambda: dict(count=2),
    shuffled: lambda: dict(columns=[np.arange(5.0)], batch_size=2, rng=7),
    train: lambda: dict(
        net=small(),
        loss=CrossEntropy(),
        X=np.arange(16.0).reshape(4, 4) / 8,
        t=np.array([0, 1, 0, 1]),
        optimizer=SGD(0.1),
        batch_size=2,
        rng=7,
        progress=False,
    ),
    scans.scan: lambda: dict(a=np.full((3, 2), 0.5), b=np.ones((3, 2))),
    scans.scan_backward: lambda: dict(
        grad=np.ones((3, 2)), a=np.full((3, 2), 0.5), h=np.ones((3, 2))
    ),
    float8.to_float8: lambda: dict(x=np.ones((3, 2))),
    float8.scaled: lambda: dict(x=np.ones((3, 2))),
    transformer.block: lambda: dict(d=4, heads=2, hidden=3, rng=7),
    transformer.lookup: lambda: dict(rng=7, n=2, pairs=2, keys=3, values=2),
    transformer.parity: lambda: dict(rng=7, n=2, T=3),
}


def plain(result: Any) -> list[np.ndarray]:
    """All numbers of a result, one array after the other, whatever it is."""
    if isinstance(result, Layer | Model):
        return [
            *result.parameters.values(),
            *(p for leaf in result.leaves for p in leaf.parameters.values()),
        ]
    if isinstance(result, History):
        return [np.array(result.step_loss)]
    if hasattr(result, "W"):  # an ensemble
        return list(result.W)
    if inspect.isfunction(result):  # `shuffled` makes one that gives batches
        result = list(result())
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, bytes | str):
        return [np.frombuffer(bytes(str(result), "utf8"), np.uint8)]
    if isinstance(result, np.ndarray) or np.isscalar(result):
        return [np.asarray(result)]
    if result is None:
        return []
    return [array for part in result for array in plain(part)]


def same(a: Any, b: Any) -> bool:
    """Whether two results are the same numbers."""
    first, second = plain(a), plain(b)
    return len(first) == len(second) and all(map(np.array_equal, first, second))


def activations() -> list[type]:
    return subclasses(Activation)
