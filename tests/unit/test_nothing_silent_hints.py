"""What goes wrong without an error is told in a warning that names the cause, and only then."""

import warnings

import numpy as np
import pytest

from backprop.gradient_check import check_network, gradient_check, numeric_gradient
from backprop.graph import Scalar
from backprop.layers.attention import MultiHeadAttention, attend, attend_backward
from backprop.activations import Activation, softmax
from backprop.layers.basic import Activate
from backprop.layers.embedding import SequenceCrossEntropy
from backprop.layers.gated import GRU
from backprop.layers.normalization import BatchNorm, Dropout
from backprop.layers.sequences import AttentionPooling, MeanOverTime, SumOverTime
from backprop.language.characters import CharacterModel, train_characters
from backprop.language.encoder_decoder import EncoderDecoder, pairs
from backprop.language.vocabulary import Vocabulary
from backprop.loop import TrainingDiverged, run
from backprop.losses import (
    BinaryCrossEntropy,
    CrossEntropy,
    HalfSquaredError,
    KullbackLeibler,
    Loss,
)
from backprop.losses import MeanAbsoluteError, MeanSquaredError, entropy
from backprop.network import Dense, Layer, Network, Sequential
from backprop.optimizers import SGD, Adam
from backprop.recommendation import factorization, ranking, tables, two_tower
from backprop.studies import attribution, compression, ensemble
from backprop.training import accuracy, cosine, random_shift, train

rng = np.random.default_rng
X = rng(0).normal(size=(64, 4))
T = (X[:, 0] * X[:, 1] > 0).astype(int)
Y = X @ rng(3).normal(size=(4, 1))


def said(call):
    """The warnings of a call, each by its text."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [str(w.message) for w in caught]


def fit(net=None, loss=None, t=T, X=X, optimizer=None, **options):
    options = dict(epochs=3, rng=2) | options  # with the bar come the hints
    net = Network([4, 8, 2], "tanh", rng=1) if net is None else net
    return train(net, loss or CrossEntropy(), X, t, optimizer or SGD(0.1), **options)


# ----------------------------------------------------------------------- the reader's line
def test_a_warning_stands_at_the_line_that_the_reader_wrote():
    pixels = rng(0).integers(0, 256, (64, 20))
    normal = Sequential((4,), [BatchNorm(4), Dense(4, 2, rng=1)])
    net = lambda d, f="identity": Network([d, 2], output=f, rng=1)
    silent = Network([4, 8, 2], "tanh", rng=1)
    silent.theta = np.zeros(silent.theta.shape)
    calls = (
        lambda: train(net(4, "softmax"), CrossEntropy(), X, T, SGD(0.1), progress=False),
        lambda: net(4, "softmax").loss_and_gradients(CrossEntropy(), X, T),
        lambda: net(20).loss_and_gradients(CrossEntropy(), pixels, T),
        lambda: train(net(4), CrossEntropy(), X, T, SGD(0.1), schedule=lambda epoch: 1.0),
        lambda: train(net(4), CrossEntropy(), X, T, SGD(0.1), epochs=3, schedule=lambda p: 0.1),
        lambda: train(silent, CrossEntropy(), X, T, SGD(0.1)),
        lambda: normal.set(**normal.parameters.copy()),
        lambda: check_network(net(4, "softmax"), CrossEntropy(), X, T),
    )
    for k, call in enumerate(calls):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            call()
        assert [w.filename for w in caught] == [__file__], k
        assert caught[0].lineno == call.__code__.co_firstlineno, k
    normal = Sequential((4,), [BatchNorm(4), Dense(4, 2, rng=1)])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        normal.theta = normal.theta.copy()
        normal = Sequential((4,), [BatchNorm(4), Dense(4, 2, rng=1)])
        normal.parameters = normal.parameters.copy()
    assert [w.filename for w in caught] == [__file__] * 2


# ------------------------------------------------------------------------------- schedules
@pytest.mark.parametrize(
    "schedule, word",
    [
        (lambda epoch: 0.9**epoch, "'epoch'"),
        (lambda step: 1.0, "'step'"),
        (lambda iteration: 1.0, "'iteration'"),
        (lambda p: 0.1 * (1 - p), "factor on the rate"),
        (lambda p: 0.1, "factor on the rate"),
        (lambda p: 1 - p, None),
        (lambda done: min(1.0, 0.1 + done), None),  # a warm-up that begins at the rate by chance
        (cosine, None),
        (None, None),
    ],
)
def test_a_schedule_that_takes_or_gives_something_else_is_told(schedule, word):
    words = said(lambda: fit(schedule=schedule, epochs=5))
    assert [True for w in words if word in w] == [True] if word else words == []


@pytest.mark.parametrize(
    "given, message",
    [
        (dict(schedule=lambda p: -1.0), "schedule must be 0 or a positive number"),
        (dict(schedule=lambda a, b: 1.0), r"called with \(progress\)"),
        (dict(score=lambda outputs: 1.0), r"called with \(outputs, targets\)"),
        (dict(score=lambda o, t: o), "score must be a number, not an array of shape"),
        (dict(augment=lambda batch: batch), r"called with \(X_batch, rng\)"),
        (dict(augment=lambda batch, rng: None), "augment must return the batch"),
        (dict(augment=lambda batch, rng: batch[:3]), "augment must return the batch, 32 samples"),
        (dict(augment=lambda batch, rng: batch * np.nan), "what augment returns must be finite"),
        (dict(augment=random_shift), "lacks its brackets"),
        (dict(epoch=3), "no 'epoch'; did you mean 'epochs'"),
    ],
)
def test_functions_given_to_training_are_tried_on_what_they_get(given, message):
    if "score" in given:
        given = given | {"validation": (X, T)}
    with pytest.raises((TypeError, ValueError), match=message):
        fit(**given)


def test_batches_that_run_out_or_are_counted_wrong_are_told():
    net = Network([4, 2], rng=1)
    learn = lambda X, t: net.loss_and_gradients(CrossEntropy(), X, t)
    once = iter([(X, T), (X, T)])
    with pytest.raises(ValueError, match="no batch in epoch 2"):
        run(net, SGD(0.1), learn, lambda: once, epochs=3, steps=2, progress=False)
    with pytest.raises(ValueError, match="steps says 2 batches an epoch, there were 9"):
        many = lambda: [(X, T)] * 9
        run(net, SGD(0.1), learn, many, epochs=1, steps=2, schedule=cosine, progress=False)
    with pytest.raises(TypeError, match="loss of a batch must be a number, not None"):
        run(net, SGD(0.1), lambda X, t: None, lambda: [(X, T)], epochs=1, steps=1, progress=False)


# ------------------------------------------------------------------------ what learns nothing
def test_dead_layers_are_told_and_living_ones_are_not():
    net = Network([4, 8, 2], "relu", rng=1)
    net.parameters["b1"] = np.full(8, -100.0)
    words = said(lambda: [fit(net), fit(net)])
    assert len(words) == 1 and "W1, b1, W2 do not learn" in words[0] and "dead ReLU" in words[0]

    net = Network([4, 8, 2], "tanh", rng=1)
    net.theta = np.zeros(net.theta.shape)
    words = said(lambda: fit(net))
    assert len(words) == 1 and "all its weights are 0" in words[0] and "W2" in words[0]

    # units that are 0 for a batch of one, or for most of the data, live
    for seed in range(5):
        for size in (1, 2, 64):
            net = Network([4, 3, 2], "relu", rng=seed)
            assert said(lambda: fit(net, batch_size=size)) == []


def test_a_network_that_a_large_step_has_killed_is_told():
    """A step too large kills all units: the loss stays where it is, far below 1,000 times."""
    told = 0
    for seed in range(20):
        r = rng(seed)
        Z, t = r.random((200, 3)) + 0.5, 3 * r.random((200, 1))
        net = Network([3, 16, 1], "relu", rng=seed)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                fit(net, HalfSquaredError(), t, Z, SGD(0.9), epochs=10)
            except TrainingDiverged:
                continue
        dead = (
            not net.layers[0]
            .activation.forward(Z @ net.parameters["W1"] + net.parameters["b1"])
            .any()
        )
        assert dead == any("dead ReLU" in str(w.message) for w in caught)
        told += dead
    assert told >= 3


def test_training_that_made_it_worse_is_told():
    net = Network([4, 1], rng=1)
    fit(net, HalfSquaredError(), Y, optimizer=Adam(0.05), epochs=200)
    words = said(lambda: fit(net, HalfSquaredError(), Y, optimizer=Adam(2.0), epochs=1))
    assert len(words) == 1 and "made it worse" in words[0] and "learning rate" in words[0]
    assert said(lambda: fit(Network([4, 8, 1], rng=1), HalfSquaredError(), Y)) == []


def test_an_optimiser_that_moves_a_copy_is_told():
    class Own:
        learning_rate = 0.1

        def step(self, theta, gradient, factor=1.0):
            theta = theta - 0.1 * gradient

    words = said(lambda: fit(optimizer=Own()))
    assert len(words) == 1 and "in place" in words[0]

    class Short(Own):
        def step(self, theta, gradient):
            """One argument too few."""

    with pytest.raises(TypeError, match="step is called with .theta, gradient, factor."):
        fit(optimizer=Short())


def test_dropout_left_fixed_is_told():
    net = Sequential((4,), [Dense(4, 6, rng=1), Dropout(0.5, 1), Dense(6, 2, rng=2)])
    net.layers[1].fixed = True
    words = said(lambda: [fit(net), fit(net)])
    assert len(words) == 1 and "layer.fixed = False" in words[0]


def test_counts_are_no_pixels():
    counts, pixels = rng(0).poisson(100, (64, 20)), rng(0).integers(0, 256, (64, 20))
    net = lambda: Network([20, 4, 2], rng=1)
    assert said(lambda: fit(net(), X=counts)) == []
    assert len(said(lambda: net().loss_and_gradients(CrossEntropy(), pixels, T))) == 1


def test_losses_of_ones_own_are_held_to_their_shapes():
    class Own(Loss):
        name = "mine"

        def __init__(self, result):
            self.result = result

        def both(self, y, t):
            return self.result

    for result, message in (
        ((np.ones((64, 1)), np.ones((64, 1))), "value of mine must be a number"),
        ((1.0, 1.0), r"mine: its gradient has shape \(\), the outputs \(64, 1\)"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            fit(Network([4, 1], rng=1), Own(result), Y)
    with pytest.raises(ValueError, match="targets must be finite"):
        MeanSquaredError()(np.zeros((2, 1), np.float32), np.array([[1e300], [0]]))
    for wrong in ([-0.5, 1.5], [3.0, 1.0], [np.nan, 1.0]):
        with pytest.raises(ValueError):
            entropy(wrong)


@pytest.mark.parametrize("make", [CrossEntropy, KullbackLeibler, SequenceCrossEntropy])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_probabilities_given_to_a_loss_that_takes_logits_are_told_once(make, dtype):
    shape = (6, 5, 3) if make is SequenceCrossEntropy else (30, 3)
    z = rng(1).normal(size=shape).astype(dtype)
    t, p = rng(0).integers(0, 3, shape[:-1]), softmax.forward(z)
    for call in (
        lambda loss, y: loss(y, t),
        lambda loss, y: loss.gradient(y, t),
        lambda loss, y: loss.both(y.tolist(), t),
    ):
        loss = make()
        words = said(lambda: [call(loss, p) for _ in range(3)])
        assert len(words) == 1 and "takes logits and applies softmax itself" in words[0]
        assert said(lambda: call(make(), z)) == said(lambda: call(make(), np.log(p))) == []


def test_a_readers_loss_may_ask_another_with_what_it_likes():
    class Twice(CrossEntropy):
        def both(self, z, t):
            p = softmax.forward(z)
            value, grad = super().both(p, t)
            return value, softmax.backward(grad, z, p)

    z, t = rng(1).normal(size=(30, 3)), rng(0).integers(0, 3, 30)
    assert said(lambda: Twice()(z, t)) == []
    assert len(said(lambda: Twice()(softmax.forward(z), t))) == 1


def test_logits_are_never_called_probabilities():
    loss, r = CrossEntropy(), rng(5)
    for k in range(2000):
        n, K = r.integers(1, 9), r.integers(2, 6)
        z = [r.normal(size=(n, K)), r.random((n, K)), np.zeros((n, K)), np.eye(K)][k % 4]
        assert said(lambda: loss(z, np.zeros(len(z), int))) == []
    net = Network([4, 2], output="softmax", rng=1)  # told by the network: not again by the loss
    words = said(lambda: [fit(net, loss), loss(net.predict(X), T)])
    assert len(words) == 1 and "applied twice" in words[0]


# ------------------------------------------------------------------ what a reader writes
class Double(Layer):
    """Right, with a parameter, and what may go wrong in it."""

    wrong = ""

    def __init__(self):
        super().__init__()
        self.own(w=np.full(4, 2.0))

    def forward(self, x):
        self.x = x
        y = x * self.parameters["w"]
        return {"shape": y[:, :2], "dtype": y.astype(np.float32), "none": None}.get(self.wrong, y)

    def backward(self, grad, inputs=True):
        g = (grad * self.x).sum(axis=0)
        if self.wrong == "adds up":
            self.gradients["w"] += g
        elif self.wrong != "unfilled":
            self.gradients["w"] = g
        dx = grad * self.parameters["w"]
        return {"no dx": None, "dx": dx[:, :2], "list": dx.tolist()}.get(self.wrong, dx)


@pytest.mark.parametrize(
    "wrong, message",
    [
        ("shape", r"Double.forward returns \(64, 2\) for \(64, 4\), but output_shape says"),
        ("dtype", "Double.forward returns float32 for float64; a layer keeps the dtype"),
        ("none", "Double.forward must return an array of floats, not None"),
        ("no dx", "Double.backward must return dL/dx, .* not None"),
        ("dx", r"Double.backward must return dL/dx, \(32, 4\), float64, like its input, not"),
        ("list", "Double.backward must return dL/dx"),
    ],
)
def test_what_a_readers_layer_returns_is_held_to_its_shape(wrong, message):
    layer = Double()
    layer.wrong = wrong
    net = Sequential((4,), [Dense(4, 4, "tanh", rng=1), layer, Dense(4, 2, rng=2)])
    with pytest.raises((TypeError, ValueError), match=message):
        train(net, CrossEntropy(), X, T, SGD(0.1), batch_size=32, progress=False)


def test_a_readers_layer_that_adds_up_or_fills_nothing():
    nets = []
    for wrong in ("", "adds up", "unfilled"):
        layer = Double()
        layer.wrong = wrong
        net = Sequential((4,), [Dense(4, 4, "tanh", rng=1), layer, Dense(4, 2, rng=2)])
        words = said(lambda: fit(net))
        assert len(words) == (wrong == "unfilled") and all("fill gradients" in w for w in words)
        nets.append(net.theta)
        if wrong != "unfilled":
            assert check_network(net, CrossEntropy(), X, T).error < 1e-6
    assert np.array_equal(nets[0], nets[1])


class Square(Activation):
    name = "square"
    wrong = ""

    def forward(self, z):
        return z.sum() if self.wrong == "forward" else z**2

    def backward(self, grad_a, z, a):
        return grad_a.sum(axis=0) if self.wrong == "backward" else grad_a * 2 * z


def test_what_a_readers_activation_returns_is_held_to_its_shape():
    f = Square()
    net = Network([4, 3, 2], hidden=f, output=f, rng=1)
    assert said(lambda: fit(net)) == []  # nobody knows where its values may lie
    assert check_network(net, CrossEntropy(), X, T).error < 1e-6
    for f.wrong in ("forward", "backward"):
        with pytest.raises(ValueError, match=f"Square.{f.wrong} must return an array like z"):
            fit(net)


def test_a_step_before_any_backward_pass_is_told():
    def by_hand(net, optimizer):
        for _ in range(3):
            CrossEntropy()(net.forward(X), T)
            optimizer.step(net.theta, net.gradient)

    for optimizer in (SGD(0.1), Adam()):
        words = said(lambda: by_hand(Network([4, 2], rng=1), optimizer))
        assert len(words) == 1 and "has backward" in words[0]


def test_a_network_left_in_the_mode_of_a_prediction_is_told():
    for layer in (Dropout(0.5, 1), BatchNorm(6)):
        net = Sequential((4,), [Dense(4, 6, rng=1), layer, Dense(6, 2, rng=2)])
        net.training = False
        words = said(lambda: [fit(net), fit(net)])
        assert len(words) == 1 and type(layer).__name__ in words[0]
    net = Network([4, 2], rng=1)  # nothing in it asks
    net.training = False
    assert said(lambda: fit(net)) == []


def test_units_or_samples_that_are_all_alike_are_told():
    net = Network([4, 8, 2], "tanh", rng=1)
    net.set(W1=np.ones((4, 8)), W2=np.ones((8, 2)))
    words = said(lambda: [fit(net), fit(net)])
    assert len(words) == 1 and "all 8 units of layer 1 are the same" in words[0]
    net.set(W1=np.ones((4, 8)), W2=rng(1).normal(size=(8, 2)))  # going on they differ
    assert said(lambda: fit(Network([4, 1, 2], rng=1))) == said(lambda: fit(net)) == []
    words = said(lambda: fit(X=X * 0 + 1))
    assert len(words) == 1 and "all 64 samples are the same" in words[0]
    pixels = rng(0).integers(-128, 128, (64, 20)).astype(np.int8)
    words = said(lambda: fit(Network([20, 2], rng=1), X=pixels, optimizer=SGD(1e-6)))
    assert len(words) == 1 and "divide them by 128" in words[0]


def test_words_say_what_is_wrong_and_not_something_else():
    with pytest.raises(ValueError, match="these are no whole numbers"):
        fit(t=T + 0.5)
    with pytest.raises(ValueError, match=r"t\.astype\(int\) makes some"):
        fit(t=T * 1.0)
    for epoch in (2, 1.5, -1, np.nan):
        with pytest.raises(ValueError, match="progress must lie in"):
            cosine(epoch)
    one, other = Network([4, 2], rng=1), Network([4, 2], rng=2)
    with pytest.raises(ValueError, match="snapshot is of another network"):
        one.restore(other.snapshot())


# --------------------------------------------------------------------------- gradient check
def test_a_kink_is_no_mistake_and_hides_none():
    for layers, loss, t in (
        ([Dense(4, 5, "relu", rng=1), Dense(5, 2, rng=2)], CrossEntropy(), 0 * T),
        ([Dense(4, 1, rng=1)], MeanAbsoluteError(), 0 * Y),
    ):
        net = Sequential((4,), layers)
        Z = X.copy()
        Z[::3] = 0  # biases are 0: the weighted inputs of these samples stand at the kink
        report = check_network(net, loss, Z, t)
        assert report.error < 5e-4, report  # half of the smallest kink that counts as one
        assert "stand at a kink" in str(report)
        net.loss_and_gradients(loss, Z, t)
        for wrong in (lambda g: -g, lambda g: 2 * g, lambda g: g + 0.1):
            gradients = {name: wrong(g) for name, g in net.gradients.items()}
            value = lambda: loss(net.forward(Z), t)
            assert gradient_check(value, net.parameters, gradients).error > 1e-2
    smooth = check_network(Network([4, 5, 2], "tanh", rng=1), CrossEntropy(), X, T)
    assert smooth.notes == [] and "kink" not in str(smooth)


def test_what_a_check_cannot_tell_is_told():
    net = Network([4, 8, 1], "tanh", rng=1)
    assert "rounding alone" in str(check_network(net, HalfSquaredError(), X, 1e9 * Y))
    zero = {"z": np.zeros(3)}
    assert "does it read these very arrays" in str(gradient_check(lambda: 1.0, zero, zero))
    for h in (10, 1e-18, 0, -1e-5, np.nan):
        with pytest.raises(ValueError, match="h must lie in 1e-9 .. 1e-2"):
            check_network(net, HalfSquaredError(), X, Y, h=h)
    for loss, message in (
        (lambda: float("nan"), "nothing to compare"),
        (lambda: np.ones(2), "must be a number"),
        (lambda: "0", "must be a number"),
    ):
        with pytest.raises((TypeError, ValueError), match=message):
            gradient_check(loss, zero, zero)
    for arrays in ([np.ones(2)], {}, None):
        with pytest.raises(TypeError, match="arrays by name"):
            gradient_check(lambda: 1.0, arrays, arrays)
    fixed = np.ones(2)
    fixed.flags.writeable = False
    with pytest.raises(ValueError, match="can only be read"):
        numeric_gradient(lambda: fixed.sum(), fixed)


@pytest.mark.parametrize("seed", range(3))
def test_a_curve_is_no_kink(seed):
    net = Network([4, 8, 2], "tanh", rng=seed)
    for h in (1e-5, 1e-3, 1e-2):  # a long step sees the curve
        report = check_network(net, CrossEntropy(), X, T, h=h)
        assert report.notes == [] and report.error < 1e-3, report
    r = rng(seed)
    for frequency in (1e3, 3e3):
        w = {"w": r.normal(size=5)}
        loss = lambda: np.sin(frequency * w["w"]).sum()
        right = frequency * np.cos(frequency * w["w"])
        report = gradient_check(loss, w, {"w": right})
        assert report.notes == [] and report.error < 2e-3, report
        wrong = right.copy()
        wrong[np.abs(right).argmax()] *= 1.02
        assert gradient_check(loss, w, {"w": wrong}).error > 1e-2  # a curve hides no mistake


def test_a_kink_beside_the_point_hides_no_mistake():
    h = 1e-5
    for beside in np.linspace(-1.5, 1.5, 61) * h:
        for curvature in (0.0, 1.0):
            w = {"w": np.array([0.5 + beside])}
            loss = lambda: abs(w["w"][0] - 0.5) + curvature * w["w"][0] ** 2
            side = np.sign(beside) if abs(beside) > 1e-12 else 0.0
            right = np.array([side + 2 * curvature * w["w"][0]])
            report = gradient_check(loss, w, {"w": right}, h=h)
            assert report.error < 1e-3, (beside, report)
            for wrong in (right + 2.5, right - 2.5):
                report = gradient_check(loss, w, {"w": wrong}, h=h)
                assert report.error > 0.1, (beside, report)


def test_what_rounding_hides_is_neither_right_nor_wrong():
    net, loss = Network([4] + [3] * 16 + [2], "sigmoid", rng=1), CrossEntropy()
    report = check_network(net, loss, X, T)  # the gradient vanishes on its way back
    assert report.error < 1e-2, report
    hidden = [tensor.name for tensor in report.tensors if tensor.hidden]
    assert {"W1", "b1", "W2"} <= set(hidden) and not {"W12", "W17", "b17"} & set(hidden)
    assert f"rounding hides it in {', '.join(hidden)}:" in str(report)
    net.loss_and_gradients(loss, X, T)
    wrong = {name: -g for name, g in net.gradients.items()}
    report = gradient_check(lambda: loss(net.forward(X), T), net.parameters, wrong)
    for tensor in report.tensors:
        assert tensor.hidden or tensor.error > 1.5, tensor
    assert {tensor.name for tensor in report.tensors if tensor.hidden} < set(hidden)
    z = {"z": np.array([0.3, 0.4])}  # all is hidden: no all-clear
    for wrong in (1.0, -1.0):
        report = gradient_check(lambda: 1e12 + z["z"].sum(), z, {"z": np.full(2, wrong)})
        assert "rounding hides it in z" in str(report) and report.error > 0.1


def test_an_empty_array_has_nothing_to_check():
    empty = {"b": np.ones(2), "W": np.zeros((0, 3))}
    with pytest.raises(ValueError, match=r"W is empty, of shape \(0, 3\)"):
        gradient_check(lambda: empty["b"].sum(), empty, empty)
    with pytest.raises(ValueError, match=r"the array is empty, of shape \(0, 3\)"):
        numeric_gradient(lambda: 1.0, empty["W"])


# ------------------------------------------------------------------------------------ masks
@pytest.mark.parametrize("layer", [MeanOverTime, SumOverTime, lambda: AttentionPooling(4, rng=1)])
def test_a_mask_is_one_of_this_batch(layer):
    net = Sequential((5, 4), [layer(), Dense(4, 2, rng=1)])
    Z, mask = rng(1).normal(size=(8, 5, 4)), rng(0).random((8, 5)) < 0.7
    mask[:, 0] = True
    net.give_mask(mask.tolist())
    right = net.forward(Z)
    net.give_mask(mask)
    kept = mask.copy()
    mask[...] = True  # the network has its own
    assert np.array_equal(net.forward(Z), right) and not np.array_equal(mask, kept)
    for wrong in (kept.astype(int), kept * 1.0, kept[0], kept[..., None], "text", 1):
        with pytest.raises(ValueError, match="mask must be bool"):
            net.give_mask(wrong)
    for wrong in (kept[:1], kept[:, :4], kept[:7], kept.T):
        net.give_mask(wrong)
        with pytest.raises(ValueError, match="mask must be bool and"):
            net.forward(Z)


def test_masks_of_attention_are_never_broadcast_by_chance():
    Z = rng(1).normal(size=(5, 5, 4))
    heads = MultiHeadAttention(4, 2, rng=1)
    with pytest.raises(ValueError, match="causal=True"):
        heads.forward(Z, mask=np.tril(np.ones((5, 5), bool)))  # n and T are equal by chance
    causal = MultiHeadAttention(4, 2, causal=True, rng=1).forward(Z)
    each = np.tril(np.ones((5, 5), bool))[None].repeat(5, 0)
    assert np.allclose(heads.forward(Z, mask=each), causal)
    for wrong in (np.ones((3, 5), bool), np.ones((5, 4), bool)):
        with pytest.raises(ValueError, match="mask has shape"):
            attend(Z, Z, Z, wrong)
    A = np.full((5, 5, 5), 0.2)
    for Q, grad in ((Z[:1], Z), (Z, Z[:1]), (Z[0], Z)):
        with pytest.raises(ValueError):
            attend(Q, Z, Z) if Q is not Z else attend_backward(grad, Q, Z, Z, A)


# -------------------------------------------------------------------- columns, ids, letters
MF = lambda: factorization.MatrixFactorization(4, 5, 2, rng=1)
four = np.arange(4)
WRONG = {
    "rating as a column": lambda: MF().loss_and_gradients(four, four, np.ones((4, 1))),
    "one rating": lambda: MF().loss_and_gradients(four, four, 3.0),
    "lengths": lambda: MF().loss_and_gradients(four, four[:1], np.ones(4)),
    "NaN": lambda: MF().loss_and_gradients([0], [0], [np.nan]),
    "text": lambda: MF().loss_and_gradients([0], [0], ["5"]),
    "no rows": lambda: MF().loss_and_gradients(four[:0], four[:0], np.ones(0)),
    "no rating": lambda: MF().loss_and_gradients(four, four),
    "out of range": lambda: MF().loss_and_gradients([9], [0], [3.0]),
    "negative": lambda: MF().loss_and_gradients([-1], [0], [3.0]),
    "prediction of two lengths": lambda: MF().predict(four, four[:1]),
    "ends of the scale": lambda: MF().predict([0], [0], low=5, high=1),
    "negative penalty": lambda: MF().penalise(four, four, -1.0, 0.0),
    "penalty out of range": lambda: MF().penalise(np.arange(9), np.arange(9), 1.0, 1.0),
    "an optimiser for a maker": lambda: tables.train_tables(
        MF(), (four, four, np.ones(4)), epochs=1, batch_size=2, tables=Adam(0.1)
    ),
    "two columns for three": lambda: tables.train_tables(
        MF(), (four, four), epochs=1, batch_size=2, rng=1
    ),
    "shares of other films": lambda: two_tower.TwoTower(4, 5, 2, share=np.ones(3) / 3),
    "towers of two lengths": lambda: two_tower.in_batch_softmax(np.ones((3, 2)), np.ones((5, 2))),
    "log q as a column": lambda: two_tower.in_batch_softmax(np.eye(3), np.eye(3), np.ones((3, 1))),
    "a penalty of 0": lambda: factorization.fold_in(np.eye(2), np.ones(2), 0.0, 1.0),
    "a film twice": lambda: ranking.recall_at_k([[0, 0]], [[True, False]]),
    "a film twice, ranked": lambda: ranking.ndcg_at_k([[1, 0, 1]], [[True, False]]),
    "a letter too many": lambda: CharacterModel("abc", GRU, 3, 4).encode("abz"),
    "a cell for its class": lambda: CharacterModel("abc", GRU(3, 4), 3, 4),
    "a cell by name": lambda: CharacterModel("abc", "GRU", 3, 4),
    "a letter twice": lambda: CharacterModel("abca", GRU, 3, 4),
    "no temperature": lambda: CharacterModel("abc", GRU, 3, 4).sample(3, "a", 1, 0.0),
    "nothing before": lambda: CharacterModel("abc", GRU, 3, 4).sample(3, "", 1),
    "nothing before the text": lambda: CharacterModel("abc", GRU, 3, 4).bits("abc", ""),
    "no text": lambda: CharacterModel("abc", GRU, 3, 4).bits("", "a"),
    "too short a text": lambda: train_characters(
        CharacterModel("abc", GRU, 3, 4), "abc", SGD(0.1), epochs=1, rng=1
    ),
    "a text for texts": lambda: Vocabulary([["to", "be"]]).encode("to be"),
    "no such id": lambda: Vocabulary([["to", "be"]]).decode([99]),
    "an id below 0": lambda: Vocabulary([["to", "be"]]).decode([-1]),
    "half a length": lambda: Vocabulary([["to", "be"]]).encode([["to"]], 2.5),
    "one word": lambda: EncoderDecoder(6, 7, 3, 4, 2, rng=1).write([4, 5]),
    "pairs of two lengths": lambda: pairs(np.array([[5]]), np.array([[7], [8]])),
    "classes below 0": lambda: attribution.score_gradient(Network([4, 2]), X, T - 1),
    "one class for all": lambda: attribution.score_gradient(Network([4, 2]), X, 1),
    "samples outside 0 .. 1": lambda: attribution.fgsm(Network([4, 2]), X, T, 0.1),
    "a step back": lambda: attribution.pgd(Network([4, 2]), np.ones((1, 4)), [0], -0.1),
    "NaN in few bits": lambda: compression.quantise(np.array([[np.nan, 1.0]]), 4),
    "more than the bits hold": lambda: compression.packed(np.array([[100]]), 4),
    "broken numbers": lambda: compression.packed(np.array([[1.5]]), 4),
    "too few bytes": lambda: compression.unpacked(b"1", 4, (3, 2)),
    "other samples": lambda: ensemble.Ensemble(2, [3, 2]).predict(np.ones((4, 5))),
    "rows of one network": lambda: ensemble.Ensemble(2, [3, 1]).train(
        np.ones((4, 3)), np.ones((4, 1)), np.array([[0, 1]]), 0.1, 1
    ),
    "rows below 0": lambda: ensemble.Ensemble(1, [3, 1]).train(
        np.ones((4, 3)), np.ones((4, 1)), np.array([[0, -1]]), 0.1, 1
    ),
    "more parts than rows": lambda: ensemble.folds(3, 5, 1),
    "a mask over labels": lambda: fit(t=np.ma.masked_array(T, mask=T == 0)),
    "a mask over ids": lambda: ranking.group_means(np.ma.masked_array([0], [True]), [1.0], 2),
    "text as a threshold": lambda: accuracy(Y, T, threshold="0"),
    "no threshold": lambda: accuracy(Y, T, threshold=np.nan),
}


@pytest.mark.parametrize("call", WRONG.values(), ids=WRONG)
def test_what_cannot_be_right_is_refused_in_a_sentence(call):
    with pytest.raises((TypeError, ValueError)) as caught:
        call()
    text = str(caught.value)
    assert 20 < len(text) < 300 and "broadcast" not in text and "ufunc" not in text, text


@pytest.mark.parametrize("call", ["exp", "float", "less", "power", "log"])
def test_a_scalar_keeps_its_graph_or_refuses(call):
    x = Scalar(-1.0)
    calls = {
        "exp": lambda: Scalar(1000.0).exp(),
        "float": lambda: float(x),
        "less": lambda: max(x, 0),
        "power": lambda: 2**x,
        "log": lambda: x.log(),
    }
    with pytest.raises((TypeError, ValueError, OverflowError)) as caught:
        calls[call]()
    assert len(str(caught.value)) > 20


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_bytes_of_another_machine_and_matrices_are_numbers():
    for change in (lambda x: x.astype(x.dtype.newbyteorder()), np.asmatrix):
        other = change(X)
        net, twin = Network([4, 8, 2], rng=1), Network([4, 8, 2], rng=1)
        fit(net)
        fit(twin, X=other)
        assert np.array_equal(net.theta, twin.theta)
        assert type(Dense(4, 2, rng=1).forward(other)).__mro__[1] is np.ndarray
        loss = MeanSquaredError()
        assert loss(other, X + 1) == loss(X, X + 1) and loss(X, change(X + 1)) == loss(X, X + 1)


def test_one_layer_checks_what_a_network_checks():
    for layer in (Dense(4, 2, rng=1), BatchNorm(4), Activate("tanh")):
        for wrong in (X * np.nan, np.where(X == X[0, 0], np.inf, X), X[:0]):
            with pytest.raises(ValueError, match="finite|empty"):
                layer.forward(wrong)
    assert isinstance(Layer(), Layer) and BinaryCrossEntropy().applies == "sigmoid"
