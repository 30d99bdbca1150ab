"""Sentences in folds, the networks for them, and what a sentence's words do to its logit."""

import numpy as np
import pytest
import torch

from backprop.language import sentiment
from backprop.gradient_check import check_network
from backprop.losses import BinaryCrossEntropy
from backprop.layers.normalization import Dropout
from backprop.studies.stored import stored
from backprop.language.sentiment import (
    KINDS,
    Classifier,
    Fold,
    build,
    folds,
    with_pairs,
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_network_has_right_gradients(kind):
    net = build(kind, 7, T=5, d=4, rng=np.random.default_rng(0), dtype=np.float64)
    for layer in net.leaves:
        if isinstance(layer, Dropout):
            layer.p = 0.0
    X, t = (
        np.array([[2, 3, 4, 5, 6], [3, 1, 2, 0, 0], [6, 0, 0, 0, 0]]),
        np.array([[1.0], [0.0], [1.0]]),
    )
    net.theta += np.random.default_rng(1).normal(0, 0.2, net.theta.shape)
    net.layers[0].parameters["E"][0] = 0
    report = check_network(net, BinaryCrossEntropy(), X, t)
    # the padding's row is held at 0; a bias of the keys has gradient 0, see test_attention
    assert all(
        tensor.error <= 1e-7 for tensor in report.tensors if not tensor.name.startswith("bk")
    ), report
    with pytest.raises(ValueError, match="unknown kind"):
        build("poem", 7)


def test_folds_cover_every_sentence_once_and_keep_the_parts_apart():
    found = folds()
    rows = np.concatenate([fold.rows for fold in found])
    assert len(rows) == 10_568 and len(set(rows.tolist())) == 10_568
    for fold in found:
        sizes = [len(part[0]) for part in fold[:3]]
        assert (
            sum(sizes) == 10_568
            and [len(part[1]) for part in fold[:3]] == sizes
            and 0.4 < fold.test[1].mean() < 0.6
        )
    parts = [{tuple(s) for s in part[0]} for part in found[0][:3]]
    # a few sentences come twice in the data, in other people's words
    assert len(parts[0] & parts[2]) < 30


def small_fold():
    rng = np.random.default_rng(0)
    sentence = lambda good: (
        [str(w) for w in rng.choice(["film", "the", "a", "plot"], 4)]
        + [str(rng.choice(["fine", "great"] if good else ["dull", "poor"]))]
    )

    def part(n):
        good = rng.random(n) < 0.5
        return [sentence(g) for g in good], good.astype(np.float32)[:, None]

    return Fold(part(300), part(60), part(60), np.arange(60))


@pytest.mark.parametrize("kind", KINDS)
def test_a_classifier_learns_and_names_the_words_that_mattered(kind):
    fold = small_fold()
    model = Classifier(kind, fold, epochs=20)
    assert model.accuracy(fold.test) > 0.95
    sentence = ["the", "plot", "the", "film", "dull"]
    by_gradient, left_out = model.word_effects(sentence)
    assert by_gradient.shape == left_out.shape == (len(model.expand(sentence)),)
    assert left_out.argmin() >= 4 and left_out.min() < 0
    if kind.startswith("bag"):
        assert np.allclose(by_gradient, left_out, atol=1e-5) and by_gradient.sum() == pytest.approx(
            model.logits([sentence])[0], abs=1e-5
        )


def test_gradient_times_input_is_what_torch_says():
    fold = small_fold()
    model = Classifier("mean", fold, epochs=1)
    sentence = fold.test[0][0]
    E, W = (torch.tensor(model.net.parameters[name]) for name in ("E1", "W4"))
    vectors = E[torch.tensor(model.encode([sentence])[0][:5])].requires_grad_()
    (vectors.mean(0) @ W).sum().backward()
    assert np.allclose(
        model.word_effects(sentence)[0], (vectors.grad * vectors).sum(1).detach().numpy(), atol=1e-6
    )


def test_pairs_and_the_longest_sentence():
    assert with_pairs(["not", "good", "!"]) == ["not", "good", "!", "not good", "good !"]
    fold = small_fold()
    model = Classifier("bag of words and pairs", fold, epochs=1)
    assert model.encode([["film"] * 100]).shape == (1, 2 * sentiment.LONGEST)
    assert (model.encode([["film"] * 100]) != 0).sum() == 2 * sentiment.LONGEST - 1


def test_a_rate_of_zero_is_refused_and_not_taken_for_none():
    with pytest.raises(ValueError, match="learning_rate must be a positive number"):
        Classifier("mean", small_fold(), epochs=1, rate=0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_each_stored_rate_is_the_best_of_its_grid_and_not_at_its_edge(kind):
    result = stored("sentiment").result
    for rate, tried in zip(result["rates"][kind], result["tried"][kind], strict=True):
        losses = {float(other): loss for other, loss in tried.items()}
        assert rate == min(losses, key=losses.__getitem__)
        assert min(losses) < rate < max(losses)
