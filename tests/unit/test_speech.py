"""Frames, bands, phrases; the network that hears them and the recordings it is compared with."""

import base64
import io
import re
import wave

import numpy as np
import pytest

from backprop.gradient_check import check_network
from backprop.language.ctc import CTC
from backprop.language.recogniser import errors, recogniser
from backprop.language.speech import (
    BANDS,
    HOP,
    PAIR,
    RATE,
    WINDOW,
    Digits,
    faster,
    from_mu_law,
    heard,
    in_a_row,
    joined,
    listen,
    load_digits,
    load_heard,
    log_mel,
    mel_bands,
    phrases,
    player,
    resound,
    spectrogram,
)
from backprop.language.templates import Templates


@pytest.fixture(scope="module")
def digits():
    return load_digits()


def test_energies_are_those_of_the_formula():
    rng = np.random.default_rng(0)
    x, w, m = rng.normal(size=700), np.hanning(WINDOW + 1)[:-1], np.arange(WINDOW)
    found = spectrogram(x)
    assert found.shape == (4, 129)  # 256 + 3 * 160 = 736 samples hold 700
    for t, f in ((0, 0), (1, 17), (2, 128), (3, 40)):
        piece = np.pad(x, (0, 36))[t * HOP : t * HOP + WINDOW]
        wanted = abs(2 / w.sum() * (w * piece * np.exp(-2j * np.pi * f * m / WINDOW)).sum()) ** 2
        assert found[t, f] == pytest.approx(wanted, rel=1e-9)


@pytest.mark.parametrize("samples, T", [(1, 1), (256, 1), (257, 2), (416, 2), (417, 3)])
def test_every_sample_is_in_a_frame(samples, T):
    assert len(spectrogram(np.ones(samples))) == T


def test_a_tone_is_loudest_in_its_band_and_silence_is_the_floor():
    middle = (mel_bands() * np.fft.rfftfreq(WINDOW, 1 / RATE)[:, None]).sum(axis=0)
    middle /= mel_bands().sum(axis=0)  # Hz
    assert (np.diff(middle) > 0).all() and 80 < middle[0] < middle[-1] < 3900
    for f in (300, 1000, 3000):
        loudest = log_mel(np.sin(2 * np.pi * f * np.arange(RATE) / RATE))[5].argmax()
        assert loudest == np.abs(middle - f).argmin()
    assert (log_mel(np.zeros(400)) == -80).all()
    x = 0.1 * np.random.default_rng(0).normal(size=4000)
    np.testing.assert_allclose(log_mel(x / 10), log_mel(x) - 20, atol=1e-9)


@pytest.mark.parametrize("x", [np.zeros((2, 300)), np.zeros(0)])
def test_a_wave_is_a_row(x):
    with pytest.raises(ValueError, match="row of samples"):
        spectrogram(x)


def test_mu_law_is_fine_near_zero_and_reaches_both_ends():
    levels = from_mu_law(np.arange(255))
    np.testing.assert_allclose(levels[[0, 127, 254]], [-1, 0, 1], atol=1e-12)
    steps = np.diff(levels)
    assert (steps > 0).all() and steps[127] < 2e-4 < 0.03 < steps[-1]


def test_the_recordings_are_all_there(digits):
    names = np.unique(digits.speaker).tolist()
    assert names == ["allison", "george", "jackson", "lucas", "nicolas", "theo", "yweweler"]
    assert len(digits.clips) == len(digits.digit) == len(digits.take) == 6 * 250 + 10
    for name in names[1:]:
        mine = digits.where(digits.speaker == name)
        assert sorted(zip(mine.digit, mine.take)) == [(d, k) for d in range(10) for k in range(25)]
    for clip in digits.clips:
        assert clip.shape[1] == BANDS and len(clip) >= 5 and clip.min() >= -80 and clip.max() <= 5


def test_stored_frames_are_those_of_the_stored_sound(digits):
    sounds = load_heard()
    assert len(sounds) == 20
    for (name, digit), x in sounds.items():
        row = (digits.speaker == name) & (digits.digit == digit) & (digits.take == 0)
        (clip,) = digits.where(row).clips
        np.testing.assert_allclose(clip, log_mel(x), atol=1 / 6 + 1e-4)  # half a step


def test_phrases_hold_what_they_say(digits):
    few = digits.where(digits.take < 2)
    X, t = phrases(few, 40, np.random.default_rng(1), shortest=2)
    assert X.shape == (40, 56, PAIR * BANDS) and X.dtype == np.float32 and t.shape == (40, 3)
    said = (t > 0).sum(axis=1)
    assert set(said) == {2, 3} and t.max() <= 10
    again = phrases(few, 40, np.random.default_rng(1), shortest=2)
    np.testing.assert_array_equal(X, again[0])
    other = phrases(few, 40, np.random.default_rng(1), shortest=2, varied=True)
    assert not np.array_equal(X, other[0])
    for wrong in (dict(shortest=3, longest=2), dict(T=111), dict(shortest=0)):
        with pytest.raises(ValueError, match="even T"):
            phrases(few, 2, np.random.default_rng(1), **wrong)


def test_a_phrase_is_its_clips_with_pauses():
    rng = np.random.default_rng(2)
    clips = [rng.uniform(-40, 0, (6, BANDS)), rng.uniform(-40, 0, (9, BANDS))]
    x, quiet = joined(clips, np.random.default_rng(3))
    np.testing.assert_array_equal(quiet, np.minimum(clips[0].min(axis=0), clips[1].min(axis=0)))
    spoken = x[~(x == quiet).all(axis=1)]
    np.testing.assert_array_equal(spoken, np.concatenate(clips))
    network_takes = heard(x, quiet, 60).reshape(60, BANDS)
    np.testing.assert_allclose(network_takes[: len(x)].mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(20 * (network_takes[-1] - network_takes[0]), quiet - x[0])
    np.testing.assert_array_equal(faster(clips[1], 1.0), clips[1])
    assert len(faster(clips[1], 2.0)) == 18 and (faster(clips[1], 0.5)[-1] == clips[1][-1]).all()


def test_what_is_listened_to_is_what_a_phrase_is():
    x = 0.3 * np.random.default_rng(4).normal(size=4000)
    frames = log_mel(x)
    np.testing.assert_allclose(
        listen(x)[0], heard(frames, frames.min(axis=0), 112).astype(np.float32), atol=1e-6
    )
    with pytest.raises(ValueError, match="at least that"):
        listen(x, T=10)


def test_the_sound_made_from_bands_has_those_bands():
    said = in_a_row([load_heard()["theo", 6]])
    made = resound(log_mel(said), np.random.default_rng(5))
    a, b = log_mel(said), log_mel(made)
    loud = a > a.max() - 25
    assert np.corrcoef(a[loud], b[: len(a)][loud])[0, 1] > 0.8
    assert np.abs(made).max() == pytest.approx(1)
    with pytest.raises(ValueError, match="24"):
        resound(np.zeros((3, 5)), np.random.default_rng(5))


def test_a_player_holds_the_wave_itself():
    x = np.sin(np.arange(800.0)) / 2
    shown = player(x, 'a "tone"').data
    assert "http" not in shown and "&quot;tone&quot;" in shown and "controls" in shown
    with wave.open(io.BytesIO(base64.b64decode(re.search('base64,([^"]+)', shown)[1]))) as file:
        assert file.getframerate() == RATE and file.getnframes() == 800
        samples = (np.frombuffer(file.readframes(800), np.uint8) - 128.0) / 120
    np.testing.assert_allclose(samples, x / np.abs(x).max(), atol=1 / 239)


def test_the_network_has_right_gradients():
    rng = np.random.default_rng(6)
    net = recogniser(3, rng, T=12, dtype=np.float64)
    X, t = rng.normal(size=(3, 6, PAIR * BANDS)), np.array([[1, 10], [4, 0], [2, 2]])
    report = check_network(net, CTC(), X, t)
    assert all(tensor.error < 1e-7 for tensor in report.tensors), report


def test_errors_are_counted_by_labels_and_by_rows():
    t = np.array([[1, 2, 3], [4, 0, 0]])
    assert errors([[1, 2, 3], [4]], t) == (0, 0)
    assert errors([[1, 3], [4, 4]], t) == (0.5, 1.0)
    with pytest.raises(ValueError, match="1 rows were found"):
        errors([[1]], t)


@pytest.mark.parametrize("seed", range(6))
def test_rows_of_recordings_are_found_however_they_are_stretched(seed):
    rng = np.random.default_rng(seed)
    clips = [rng.normal(0, 20, (n, BANDS)) for n in (7, 9, 8)]
    made = Digits(clips, np.array([3, 1, 5]), np.array(["a"] * 3), np.zeros(3, int))
    templates = Templates(made, penalty=3.0)
    own = np.split(templates.frames, templates.first[1:])
    order = rng.integers(0, 3, 4)
    words = [faster(own[k], rng.uniform(0.7, 1.8)) for k in order]
    quiet = np.min(templates.frames, axis=0)
    x = np.concatenate([quiet[None], *words, np.tile(quiet, (3, 1))])
    assert templates.one(x) == (made.digit[order] + 1).tolist()
    noisy = x + np.append(np.zeros((1, BANDS)), rng.normal(0, 0.3, x[1:].shape), axis=0)
    assert templates.one(noisy) == (made.digit[order] + 1).tolist()
    assert Templates(made, penalty=1e6).one(x) == []  # a word costs more than any distance


def test_recordings_recognise_themselves_in_any_order(digits):
    mine = digits.where((digits.speaker == "theo") & (digits.take < 3))
    X, t = phrases(mine, 8, np.random.default_rng(8))
    assert errors(Templates(mine, 2.0).spelt(X), t)[0] < 0.1
