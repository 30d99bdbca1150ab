"""Character models: the n-gram baseline by its definition, gradients, bits, pieces, sampling."""

from collections import Counter

import numpy as np
import pytest

from backprop.language.characters import CharacterModel, pieces, train_characters
from backprop.language.texts import load_sonnets
from backprop.layers.embedding import SequenceCrossEntropy
from backprop.gradient_check import gradient_check
from backprop.language.ngrams import KneserNey, WittenBell, discounts
from backprop.optimizers import Adam
from backprop.layers.gated import GRU, LSTM
from backprop.layers.recurrent import RNN

cells = pytest.mark.parametrize("cell", [RNN, LSTM, GRU])


def recursive(text, n, alphabet, before, c):
    """The definition, by counting anew each time."""
    if n == 0:
        return 1 / len(alphabet)
    context = before[len(before) - (n - 1) :] if n > 1 else ""
    follow = [
        text[i + len(context)]
        for i in range(len(text) - len(context))
        if text[i : i + len(context)] == context
    ]
    shorter = recursive(text, n - 1, alphabet, before, c)
    kinds, times = len(set(follow)), len(follow)
    return (Counter(follow)[c] + kinds * shorter) / (times + kinds) if times else shorter


def test_witten_bell():
    text, alphabet = "abracadabra abba", "abcdrx "
    for n in (1, 2, 3):
        model = WittenBell(text, n, alphabet)
        for before in ("abra", "xxx", "bb", "ra "):
            p = model.next(before)
            assert p.sum() == pytest.approx(1, abs=1e-14)
            assert p == pytest.approx(
                [recursive(text, n, alphabet, before, c) for c in alphabet], abs=1e-14
            )
    model = WittenBell(text, 2, alphabet)
    assert model.bits("ab", "r") == pytest.approx(
        -(np.log2(model.next("r")[0]) + np.log2(model.next("a")[1])) / 2
    )
    with pytest.raises(ValueError, match="alphabet"):
        WittenBell("abc", 2, "ab")


def test_the_baseline_of_the_sonnets_is_what_it_was_measured_to_be():
    text = load_sonnets()
    cut = int(0.9 * len(text))
    assert WittenBell(text[:cut], 1, "".join(sorted(set(text)))).bits(text[cut:]) == pytest.approx(
        4.53, abs=0.005
    )


def kneser_ney(text, n, k, alphabet, before, c):
    """The definition for the n-grams of length k <= n, by counting anew each time."""
    if k == 0:
        return 1 / len(alphabet)

    def count(gram):
        places = [i for i in range(len(text) - k + 1) if text[i : i + k] == gram]
        return len(places) if k == n else len({text[i - 1] for i in places if i > 0})

    d = discounts(
        Counter({g: count(g) for g in {text[i : i + k] for i in range(len(text) - k + 1)}})
    )
    context = before[len(before) - (k - 1) :] if k > 1 else ""
    counts = {a: count(context + a) for a in alphabet}
    shorter = kneser_ney(text, n, k - 1, alphabet, before, c)
    N = sum(counts.values())
    if N == 0:
        return shorter
    taken = {a: d[min(N_a, 3)] for a, N_a in counts.items()}
    return (counts[c] - taken[c] + sum(taken.values()) * shorter) / N


def test_kneser_ney():
    alphabet = "abcdrx "
    for text in ("abracadabra abba", "".join(np.random.default_rng(0).choice(list("abcd"), 300))):
        for n in (1, 2, 3):
            model = KneserNey(text, n, alphabet)
            for before in ("abra", "xxx", "bb", "ra "):
                p = model.next(before)
                assert p.sum() == pytest.approx(1, abs=1e-14) and p.min() > 0
                assert p == pytest.approx(
                    [kneser_ney(text, n, n, alphabet, before, c) for c in alphabet], abs=1e-14
                )
    with pytest.raises(ValueError, match="alphabet"):
        KneserNey("abc", 2, "ab")


def test_discounts_are_those_of_the_article():
    grams = Counter("a" * 1 + "b" * 1 + "c" * 1 + "d" * 2 + "e" * 2 + "f" * 3 + "g" * 4)
    Y = 3 / (3 + 2 * 2)
    wanted = [0, 1 - 2 * Y * 2 / 3, 2 - 3 * Y * 1 / 2, 3 - 4 * Y * 1 / 1]
    assert discounts(grams) == pytest.approx(wanted, abs=1e-15)
    assert discounts(Counter("abb")) == pytest.approx([0, 0.5, 1, 1.5])


@cells
def test_gradients(cell):
    rng = np.random.default_rng(0)
    net, loss = CharacterModel("abc", cell, 2, 3, rng=rng), SequenceCrossEntropy()
    x, t, start = (
        rng.integers(0, 3, (2, 5)),
        rng.integers(0, 3, (2, 5)),
        rng.normal(size=(2, 3 * net["cell"].parts)),
    )
    net.backward(loss.gradient(net.forward(x, start), t))
    report = gradient_check(lambda: loss(net.forward(x, start), t), net.parameters, net.gradients)
    assert report.error <= 1e-7, report


@cells
def test_bits_are_those_of_one_long_pass(cell):
    net = CharacterModel("abc", cell, 2, 3, p=0.5, rng=np.random.default_rng(0))
    before, text = "abca", "cabbacabcc"
    ids = net.encode(before + text)
    with net.mode(training=False):
        z = net.forward(ids[None, :-1])[0]
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    wanted = -np.log2(p[np.arange(len(ids) - 1), ids[1:]])[len(before) - 1 :].mean()
    for T in (3, 4, 50):
        assert net.bits(text, before, T=T) == pytest.approx(wanted, rel=1e-12)
    halves = net.bits(text[:5], before), net.bits(text[5:], (before + text)[5:9])
    assert net.bits(text, before, streams=2, T=3) == pytest.approx(np.mean(halves), rel=1e-12)
    assert net.training


def test_pieces_join_up():
    ids = np.arange(100)
    found = list(pieces(ids, 4, 5, np.random.default_rng(0)))
    for (x, t), (following, _) in zip(found, found[1:]):
        assert x.shape == (4, 5) and (t == x + 1).all() and (following[:, 0] == x[:, -1] + 1).all()
    first = {
        int(next(pieces(ids, 4, 5, np.random.default_rng(seed)))[0][0, 0]) for seed in range(30)
    }
    assert first == set(range(5))


@cells
def test_it_learns_a_text_and_writes_it(cell):
    text, rng = "to be or not to be, " * 60, np.random.default_rng(0)
    net = CharacterModel("".join(sorted(set(text))), cell, 8, 24, rng=rng)
    losses = train_characters(net, text, Adam(0.02), epochs=40, streams=4, T=20, rng=rng)
    assert losses[0] > 2.5 and net.bits(text[:200], text[:100]) < 0.2
    assert "or not to be" in net.sample(40, "to be ", rng, temperature=0.5)
    stopped = train_characters(
        net, text, Adam(0.02), epochs=40, streams=4, T=20, after=lambda epoch: epoch == 1, rng=rng
    )
    assert len(stopped) < 2 * len(losses) / 40 + 2
