"""The data of chapter 6.

Shapes, counts, rows that are known, and the baselines that stand beside the book's results.
"""

from collections import Counter

import numpy as np
import pytest

from backprop import datasets
from backprop.images import squeezenet
from backprop.language import texts
from backprop.recommendation import movielens


def test_fashion_mnist():
    data = datasets.load_fashion_mnist()
    assert data.X_train.shape == (20_000, 784) and data.X_test.shape == (10_000, 784)
    assert (
        data.X_train.dtype == data.X_test.dtype == np.float32
        and data.X_train.min() == 0
        and data.X_train.max() == 1
    )
    assert (
        np.bincount(data.y_train).tolist() == [2000] * 10
        and np.bincount(data.y_test).tolist() == [1000] * 10
    )
    assert data.y_train[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5] and data.y_test[
        :10
    ].tolist() == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]
    assert data.X_test.mean(dtype=np.float64) == pytest.approx(0.28685, abs=5e-6)
    trouser, sandal = (data.X_test[data.y_test == k].mean(axis=0).reshape(28, 28) for k in (1, 5))
    # upright, and labels go with pictures
    assert trouser[:, 10:18].mean() > 2 * sandal[:8].mean() and trouser[14:, :4].max() < 0.1
    assert len(datasets.FASHION_CLASSES) == 10 and datasets.FASHION_CLASSES[1] == "trouser"


def test_sentences():
    data = texts.load_sentences()
    assert len(data.text) == len(data.rating) == 10_605 and all(data.text)
    assert data.text[2] == "Effective but too tepid biopic" and data.rating[2] == -0.6
    assert data.rating.min() == -3.875 and data.rating.max() == pytest.approx(3.9411764705882355)
    assert [
        int((data.rating > 0).sum()),
        int((data.rating < 0).sum()),
        int((data.rating == 0).sum()),
    ] == [5242, 5326, 37]
    # sorted, as the loader says
    assert data.rating[:3000].mean() > 1 > -1 > data.rating[-3000:].mean()


def test_movielens():
    data = movielens.load_movielens()
    assert len(data.user) == len(data.movie) == len(data.rating) == len(data.time) == 100_004
    assert np.array_equal(np.unique(data.user), np.arange(671)) and np.array_equal(
        np.unique(data.movie), np.arange(9066)
    )
    assert (
        len(data.title) == len(data.genres) == len(data.movie_id) == 9066
        and (np.diff(data.movie_id) > 0).all()
    )
    assert np.unique(data.rating, return_counts=True)[1].tolist() == [
        1101,
        3326,
        1687,
        7271,
        4449,
        20064,
        10538,
        28750,
        7723,
        15095,
    ]
    assert data.title[0] == "Toy Story (1995)" and data.genres[0] == (
        "Adventure",
        "Animation",
        "Children",
        "Comedy",
        "Fantasy",
    )
    assert (
        data.title[data.movie[0]] == "Dangerous Minds (1995)"
        and data.rating[0] == 2.5
        and data.time[0] == 1260759144
    )
    assert data.title[data.movie[-1]] == "Seabiscuit (2003)" and data.user[-1] == 670
    # nobody rates a film twice
    assert len(set(zip(data.user.tolist(), data.movie.tolist()))) == 100_004
    assert data.title.count("untitled") == 5 and not any(
        "(no genres" in name for names in data.genres for name in names
    )


def damped(groups: np.ndarray, values: np.ndarray, count: int, damping: float) -> np.ndarray:
    """The mean of `values` in each group, as if `damping` values of 0 were there too."""
    return np.bincount(groups, values, count) / (
        np.bincount(groups, minlength=count) + max(damping, 1e-9)
    )


def test_movielens_baselines():
    """Root mean squared error on a random fifth.

    Global mean 1.0585, user mean .9646, film mean .9976, damped bias .8872 (+- .003).
    """
    data, errors = movielens.load_movielens(), []
    for seed in range(5):
        train, test = datasets.split(
            len(data.rating), len(data.rating) // 5, np.random.default_rng(seed)
        )
        rmse = lambda prediction: float(np.sqrt(np.mean((data.rating[test] - prediction) ** 2)))
        mean = data.rating[train].mean()
        rest = data.rating[train] - mean
        by_user, by_film = (
            damped(data.user[train], rest, 671, 0),
            damped(data.movie[train], rest, 9066, 0),
        )
        film = damped(data.movie[train], rest, 9066, 5)  # a few rounds, each with the other's help
        user = damped(data.user[train], rest - film[data.movie[train]], 671, 5)
        for _ in range(5):
            film = damped(data.movie[train], rest - user[data.user[train]], 9066, 5)
            user = damped(data.user[train], rest - film[data.movie[train]], 671, 5)
        errors.append(
            [
                rmse(mean),
                rmse(mean + by_user[data.user[test]]),
                rmse(mean + by_film[data.movie[test]]),
                rmse(mean + user[data.user[test]] + film[data.movie[test]]),
            ]
        )
    assert np.mean(errors, axis=0) == pytest.approx([1.0585, 0.9646, 0.9976, 0.8872], abs=3e-3)


def test_squeezenet_weights():
    weights = squeezenet.load_squeezenet()
    assert sum(w.size for w in weights.values()) == 1_235_496 and {
        w.dtype for w in weights.values()
    } == {np.dtype(np.float16)}
    assert (
        weights["conv1/W"].shape == (3, 3, 3, 64)
        and weights["conv10/W"].shape == (1, 1, 512, 1000)
        and len(weights) == 52
    )
    assert all(np.isfinite(w).all() for w in weights.values())


def test_sonnets():
    text = texts.load_sonnets()
    assert (
        len(text) == 95_728
        and len(set(text)) == 62
        and "Shall I compare thee to a summer's day?" in text
    )
    cut = int(0.9 * len(text))
    counts = Counter(text[:cut])
    bits = -np.mean([np.log2(counts[c] / cut) for c in text[cut:]])
    assert bits == pytest.approx(4.53, abs=0.005)  # the unigram baseline


def test_cmudict():
    data = texts.load_cmudict()
    assert len(data.word) == len(data.sounds) == len(set(data.word)) == 126_052
    sounds = dict(zip(data.word, data.sounds))
    assert (
        sounds["cat"] == ("K", "AE1", "T")
        and sounds["read"] == ("R", "EH1", "D")
        and sounds["aalborg"] == ("AO1", "L", "B", "AO0", "R", "G")
    )
    assert len({s for word in data.sounds for s in word}) == 69
    variants = texts.load_cmudict(stress=False, variants=True)
    assert len(variants.word) == 135_166 and set(variants.word) == set(data.word)
    assert [s for w, s in zip(*variants) if w == "read"] == [("R", "EH", "D"), ("R", "IY", "D")]
    assert len({s for word in variants.sounds for s in word}) == 39
