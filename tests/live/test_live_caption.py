"""The sentence of a figure stands in its picture: a notebook shows one of the two types only."""

import io

import numpy as np
import pytest
from PIL import Image

from backprop.live import Losses, Neuron
from backprop.live.base import caption, pixels


def ink(picture):
    """Where something is drawn: bool, (height, width)."""
    return np.asarray(picture)[:, :, 3] > 0


@pytest.mark.parametrize("figure", [Neuron, Losses])
def test_below_what_is_drawn_stands_what_is_said(figure):
    figure = figure()
    whole = np.asarray(Image.open(io.BytesIO(figure.picture())))
    drawn = np.asarray(pixels(figure.draw()))
    said = np.asarray(pixels(caption(figure.describe(), drawn.shape[1])))
    np.testing.assert_array_equal(whole[: len(drawn)], drawn)
    np.testing.assert_array_equal(whole[len(drawn) :], said)
    assert ink(said).any()


@pytest.mark.parametrize("words", [1, 12, 60, 150])
def test_a_sentence_is_whole_however_long_it_is(words):
    """It ends inside the picture, at the right and below, and costs no more than its lines."""
    said = ink(pixels(caption("gradient " * words, 1000)))
    assert said.shape[1] == 1000 and said.any()
    rows, columns = said.any(axis=1), said.any(axis=0)
    assert not rows[:3].any() and not rows[-6:].any() and not columns[-2:].any()
    assert np.flatnonzero(rows)[0] < 30 and len(rows) - np.flatnonzero(rows)[-1] < 50
    lines = np.count_nonzero(np.diff(np.flatnonzero(np.r_[False, rows, False])) > 3) + 1
    assert lines >= words * 95 // 1000, "the words stand below each other, not beyond the edge"


def test_a_sentence_is_text_and_no_formula():
    assert ink(pixels(caption("it costs $5 and $6, 50 % of it", 700))).any()
