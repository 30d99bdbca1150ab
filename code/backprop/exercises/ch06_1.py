"""Exercises of section 6.1."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

add(
    Exercise(
        "6.1 counting",
        5 * 5 * 16 * 32 + 32,
        level="recall",
        mistakes={
            "each output channel has a bias as well.": 5 * 5 * 16 * 32,
            "a kernel reaches over all channels that come in.": 5 * 5 * 32 + 32,
            "there is one bias for each output channel, not for each pair of channels.": (
                5 * 5 * 16 * 32 + 16 * 32
            ),
            "the biases belong to the channels that go out.": 5 * 5 * 16 * 32 + 16,
        },
    )
)

add(
    Exercise(
        "6.1 windows",
        14,
        level="recall",
        mistakes={
            "the zeros count on both sides.": 13,
            "that is one window more than fits.": 15,
            "that is with stride 1.": 28,
            "a number of rows is whole.": 14.5,
        },
    )
)


def kernel_gradient(x, delta):
    rows, columns = delta.shape
    k = len(x) - rows + 1
    return np.array(
        [[np.sum(delta * x[i : i + rows, j : j + columns]) for j in range(k)] for i in range(k)]
    )


rng = np.random.default_rng(611)
add(
    Exercise(
        "6.1 kernel gradient",
        kernel_gradient,
        level="practise",
        inputs=[
            (rng.normal(size=(h, w)), rng.normal(size=(h - k + 1, w - k + 1)))
            for h, w, k in ((5, 5, 3), (7, 6, 3), (6, 8, 2))
        ],
        mistakes={
            "the kernel is flipped on the way to the inputs; the gradient of the weights is "
            "not.": lambda x, d: kernel_gradient(x, d)[::-1, ::-1],
            "the error stands mirrored: window (p, q) goes with delta (p, q).": lambda x, d: (
                kernel_gradient(x, d[::-1, ::-1])
            ),
            "the windows' parts add up; yours is their mean.": lambda x, d: (
                kernel_gradient(x, d) / d.size
            ),
            "rows and columns of the kernel are exchanged.": lambda x, d: kernel_gradient(x, d).T,
        },
    )
)


def maxpool_backward(x, grad, to=lambda window: window == window.max()):
    grad_x = np.zeros_like(x)
    for i, j in np.ndindex(grad.shape):
        window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        grad_x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2] = to(window) * grad[i, j]
    return grad_x


add(
    Exercise(
        "6.1 max pooling",
        maxpool_backward,
        level="practise",
        inputs=[
            (rng.normal(size=(2 * m, 2 * n)), rng.normal(size=(m, n)))
            for m, n in ((2, 2), (1, 3), (3, 2))
        ],
        mistakes={
            "the error goes to the entry that won, not to all four.": lambda x, g: maxpool_backward(
                x, g, np.ones_like
            ),
            "that is what average pooling does.": lambda x, g: maxpool_backward(
                x, g, lambda w: np.full_like(w, 0.25)
            ),
            "that goes to the smallest entry.": lambda x, g: maxpool_backward(
                x, g, lambda w: w == w.min()
            ),
            "the derivative of a maximum by the winner is 1, "
            "not the winner's value.": lambda x, g: maxpool_backward(
                x, g, lambda w: w * (w == w.max())
            ),
        },
    )
)


def centre_backward(grad_y, gamma):
    g = grad_y * gamma
    return g - g.mean(axis=0)


add(
    Exercise(
        "6.1 centring",
        centre_backward,
        level="think",
        inputs=[
            (rng.normal(size=(n, d)), rng.normal(size=d))
            for n, d in ((4, 3), (6, 2), (3, 5), (1, 3))
        ],
        mistakes={
            "the path by the mean is missing: it depends on every x.": lambda g, c: g * c,
            "the scale is missing.": lambda g, c: g - g.mean(axis=0),
            "the mean is over the batch, column by column.": lambda g, c: (
                g * c - (g * c).mean(axis=1, keepdims=True)
            ),
            "the scale is missing in the mean: it is that of the scaled errors.": lambda g, c: (
                g * c - g.mean(axis=0)
            ),
            "the sum of the errors is divided by N.": lambda g, c: g * c - (g * c).sum(axis=0),
            "the path by the mean lowers the gradient.": lambda g, c: g * c + (g * c).mean(axis=0),
        },
    )
)


def batch_norm_backward(x, grad_y, gamma, eps, *, by_mean=1.0, by_variance=1.0, root=0.5, ddof=0):
    s = (x.var(axis=0, ddof=ddof) + eps) ** root
    x_hat = (x - x.mean(axis=0)) / s
    g = grad_y * gamma
    return (g - by_mean * g.mean(axis=0) - by_variance * x_hat * (g * x_hat).mean(axis=0)) / s


add(
    Exercise(
        "6.1 batch normalisation",
        batch_norm_backward,
        level="practise",
        inputs=[
            (rng.normal(size=(n, d)), rng.normal(size=(n, d)), rng.normal(size=d), eps)
            for n, d, eps in ((5, 3, 0.1), (2, 4, 0.5), (8, 2, 0.01), (3, 3, 1.0))
        ],
        mistakes={
            "the path by the variance is missing: each x changes the spread of its "
            "column.": lambda *p: batch_norm_backward(*p, by_variance=0.0),
            "the path by the mean is missing: it depends on every x.": lambda *p: (
                batch_norm_backward(*p, by_mean=0.0)
            ),
            "only the direct path is there; mean and variance depend on every x.": lambda *p: (
                batch_norm_backward(*p, by_mean=0.0, by_variance=0.0)
            ),
            "both other paths take away from the direct one; "
            "that by the variance has the wrong sign.": lambda *p: batch_norm_backward(
                *p, by_variance=-1.0
            ),
            "eps is missing under the root.": lambda x, g, c, eps: batch_norm_backward(x, g, c, 0),
            "the scale gamma is missing.": lambda x, g, c, eps: batch_norm_backward(x, g, 1, eps),
            "the variance of the batch is divided by N, not by N - 1.": lambda *p: (
                batch_norm_backward(*p, ddof=1)
            ),
            "that divides by the variance; the standard deviation is its root.": lambda *p: (
                batch_norm_backward(*p, root=1.0)
            ),
        },
    )
)

add(
    Exercise(
        "6.1 frozen",
        6,
        level="practise",
        mistakes={
            "that is for the weights alone; the error has to come down to the layers that "
            "learn.": 3,
            "then a product too many is made: either weights of a frozen layer, "
            "or the error below the lowest layer that learns.": 8,
            "that is the backward pass with nothing frozen.": 20,
            "the error has to pass through layer four as well, although it is frozen.": 4,
        },
    )
)


def overlap(p, t, least=0.0, shared=1.0, product=-np.inf):
    sides = np.maximum(np.minimum(p[2:], t[2:]) - np.maximum(p[:2], t[:2]), least)
    common = max(sides.prod(), product)
    return common / ((p[2:] - p[:2]).prod() + (t[2:] - t[:2]).prod() - shared * common)


add(
    Exercise(
        "6.1 overlap",
        overlap,
        level="practise",
        inputs=[
            (np.array(p, float), np.array(t, float))
            for p, t in (
                ((0, 0, 2, 2), (1, 0, 4, 2)),
                ((0, 0, 4, 3), (1, 1, 2, 2)),
                ((0, 0, 1, 1), (3, 4, 5, 6)),
                ((0, 0, 2, 3), (4, 1, 7, 2)),
                ((0, 0, 3, 2), (1, 5, 2, 6)),
                ((5, 1, 6, 3), (0, 0, 2, 4)),
                ((2, 6, 5, 9), (1, 0, 4, 4)),
                ((1, 2, 4, 4), (2, 1, 6, 3)),
            )
        ],
        mistakes={
            "boxes that are apart on both axes share nothing; "
            "negative sides must not be multiplied.": lambda p, t: overlap(p, t, least=-np.inf),
            "each side has to be at least 0 by itself; boxes apart on both axes have two "
            "negative ones, and a positive product.": lambda p, t: overlap(
                p, t, least=-np.inf, product=0.0
            ),
            "the height of what both cover may be negative too, "
            "not the width alone.": lambda p, t: overlap(p, t, least=np.array([0.0, -np.inf])),
            "the width of what both cover may be negative too, "
            "not the height alone.": lambda p, t: overlap(p, t, least=np.array([-np.inf, 0.0])),
            "what both cover is counted twice in the union.": lambda p, t: overlap(
                p, t, shared=0.0
            ),
            "that is the intersection over the true box alone.": lambda p, t: (
                np.maximum(np.minimum(p[2:], t[2:]) - np.maximum(p[:2], t[:2]), 0).prod()
                / (t[2:] - t[:2]).prod()
            ),
            "that is the intersection over the predicted box alone.": lambda p, t: (
                np.maximum(np.minimum(p[2:], t[2:]) - np.maximum(p[:2], t[:2]), 0).prod()
                / (p[2:] - p[:2]).prod()
            ),
        },
    )
)


add(
    Exercise(
        "6.1 around",
        9,
        level="practise",
        mistakes={
            "that is the branch alone; the error also goes around it.": 6,
            "that is the way around alone; the branch sends an error back, too.": 3,
            "add the two ways; they do not multiply.": 18,
        },
    )
)

add(
    Exercise(
        "6.1 new layer",
        512 * 10 + 10,
        level="recall",
        mistakes={
            "the biases are missing.": 512 * 10,
            "a bias belongs to a class, not to a feature.": 512 * 10 + 512,
            "that is one number for each feature and class, not one for each pair.": 512 + 10,
        },
    )
)


def lower_gradient(x, W1, W2, grad_y, *, slope=True, through=True):
    z = x @ W1
    delta = grad_y @ (W2.T if through else np.ones_like(W2.T))
    return x.T @ (delta * (z > 0) if slope else delta)


add(
    Exercise(
        "6.1 lower layer",
        lower_gradient,
        level="practise",
        inputs=[
            (
                rng.normal(size=(n, d)),
                rng.normal(size=(d, h)),
                rng.normal(size=(h, m)),
                rng.normal(size=(n, m)),
            )
            for n, d, h, m in ((4, 3, 5, 2), (1, 2, 4, 3), (6, 4, 3, 1))
        ],
        mistakes={
            "the slope of ReLU is missing.": lambda *p: lower_gradient(*p, slope=False),
            "a frozen layer passes the error on all the same, by its weights.": lambda *p: (
                lower_gradient(*p, through=False)
            ),
            "frozen is the upper layer; the lower one has a gradient.": lambda *p: np.zeros_like(
                p[1]
            ),
        },
    )
)

add(
    Exercise(
        "6.1 versions",
        5 * 5 * 2,
        level="recall",
        mistakes={
            "mirrored or not doubles their number.": 5 * 5,
            "not to move at all is one of the choices, in each direction.": 4 * 4 * 2,
            "each move across goes with each move up or down.": (5 + 5) * 2,
            "two to the left or to the right are more than two choices.": 2 * 2 * 2,
        },
    )
)

add(
    Exercise(
        "6.1 precision",
        lambda counts: np.diag(counts) / counts.sum(axis=0),
        level="practise",
        inputs=[
            (np.array(counts),)
            for counts in ([[8, 2], [3, 7]], [[5, 1, 0], [2, 3, 4], [1, 0, 9]], [[1, 6], [0, 2]])
        ],
        mistakes={
            "that is the share found of each class, along the rows; "
            "the answers of a class are a column.": lambda counts: (
                np.diag(counts) / counts.sum(axis=1)
            ),
            "that is relative to all pictures.": lambda counts: np.diag(counts) / counts.sum(),
            "that is the share of all pictures that are right, one number for all classes.": (
                lambda counts: np.full(len(counts), np.trace(counts) / counts.sum())
            ),
        },
    )
)

add(
    Exercise(
        "6.1 running mean",
        2 * (1 - 0.9**3),
        level="practise",
        decimals=3,
        mistakes={
            "each step goes a tenth of the way that is left, not of the whole.": 3 * 0.2,
            "that is what is missing to the mean of the batches.": 2 * 0.9**3,
            "a tenth of the way is moved, nine tenths stay.": 2 * (1 - 0.1**3),
            "that is after two batches.": 2 * (1 - 0.9**2),
        },
    )
)

add(
    Exercise(
        "6.1 GIoU",
        -0.5,
        level="recall",
        decimals=2,
        mistakes={
            "that is the intersection over the union; the empty space counts as well.": 0.0,
            "empty space makes it smaller: it is subtracted.": 0.5,
            "divided is by the box around both.": -1.0,
            "the union of the two has the area of both boxes.": -0.75,
        },
    )
)


def box_of_ink(picture, *, end=1, swapped=False):
    r = np.flatnonzero(picture.max(axis=1) > 0.3)
    c = np.flatnonzero(picture.max(axis=0) > 0.3)
    x, y = (r, c) if swapped else (c, r)
    return np.array([x[0], y[0], x[-1] + end, y[-1] + end])


def ink(rows, columns, *places):
    picture = np.full((rows, columns), 0.2)
    for place in places:
        picture[place] = 0.9
    return picture


add(
    Exercise(
        "6.1 box of the ink",
        box_of_ink,
        level="practise",
        inputs=[
            (ink(5, 7, (1, 2), (3, 5)),),
            (ink(6, 4, (2, 3)),),
            (ink(8, 8, (0, 1), (4, 6), (7, 2)),),
        ],
        mistakes={
            "a pixel ends one further than it begins.": lambda picture: box_of_ink(picture, end=0),
            "x goes across, along the columns.": lambda picture: box_of_ink(picture, swapped=True),
            "wanted are the two corners, not a corner and the size.": lambda picture: (
                box_of_ink(picture) - np.r_[0, 0, box_of_ink(picture)[:2]]
            ),
            "faint pixels are no ink: the limit is 0.3.": lambda picture: np.array(
                [0, 0, *picture.shape[::-1]]
            ),
        },
    )
)

add(
    Exercise(
        "6.1 products",
        10 * 10 * 32 * 3 * 3 * 16,
        level="recall",
        mistakes={
            "each output looks at all channels that come in.": 10 * 10 * 32 * 3 * 3,
            "there is a kernel for each channel that goes out.": 10 * 10 * 3 * 3 * 16,
            "that is the number of weights; each of them is used at every place.": 32 * 3 * 3 * 16,
        },
    )
)

add(
    Exercise(
        "6.1 sees",
        8,
        level="practise",
        mistakes={
            "that is the number on the page, with larger kernels.": 14,
            "that many rows of windows; each window has a width.": 6,
            "that is the width of a kernel; behind each entry stand several pixels.": 3,
            "the windows overlap: they start one pixel apart.": 18,
        },
    )
)

add(
    Exercise(
        "6.1 everywhere",
        2,
        level="think",
        choices=4,
        mistakes={
            "each window sends the error times one weight, and each time it is another weight.": 1,
            "a pixel in a corner lies in one window; in how many lies one in the middle, and what "
            "do they send together?": 3,
            "the picture does not stand in the formula; add up what the windows send.": 4,
        },
    )
)

add(
    Exercise(
        "6.1 kept",
        [318.0, 1200.0],
        level="think",
        entries=("kept, s", "moved anew, s"),
        mistakes={
            "the lower part is frozen: no error goes back through it.": [336.0, 2100.0],
            "the upper part learns, so it works in every pass.": [24.0, 1200.0],
            "a picture that was moved is another picture for the lower part.": [318.0, 318.0],
            "what is kept was computed once for each picture, not once for each pass.": [
                1200.0,
                1200.0,
            ],
        },
    )
)

add(
    Exercise(
        "6.1 company",
        [0.0, 2.7 / np.sqrt(1.81)],
        level="think",
        decimals=2,
        entries=("alone", "a tenth"),
        mistakes={
            "subtracted is the mean of the batch, and alone the class is the batch.": [
                3.0,
                2.7 / np.sqrt(1.81),
            ],
            "the variance of the mixed batch has a part between the classes as well.": [0.0, 2.7],
            "divided is by the root of the variance.": [0.0, 2.7 / 1.81],
            "the mean of the mixed batch is subtracted, too.": [0.0, 3 / np.sqrt(1.81)],
        },
    )
)

add(
    Exercise(
        "6.1 normalised",
        (np.array([2.0, 4.0, 9.0]) - 5) / np.sqrt(26 / 3),
        level="recall",
        decimals=2,
        entries=("2 becomes", "4 becomes", "9 becomes"),
        mistakes={
            "the variance is divided by N, not by N - 1.": (np.array([2.0, 4, 9]) - 5)
            / np.sqrt(13),
            "divide by the standard deviation, which is the root of the variance.": (
                (np.array([2.0, 4, 9]) - 5) / (26 / 3)
            ),
            "the mean is not subtracted.": np.array([2.0, 4, 9]) / np.sqrt(26 / 3),
            "the spread is still what it was.": [-3.0, -1.0, 4.0],
        },
    )
)

add(
    Exercise(
        "6.1 dropped",
        [3.75, 0.0],
        level="practise",
        entries=("let through", "set to zero"),
        mistakes={
            "what is let through is made larger, on the way back as on the way forward.": [3, 0],
            "what was not there gets no error.": [3.75, 3.75],
            "p is the probability of a zero; divide by that of the others.": [15.0, 0.0],
            "let through was the first of the two.": [0.0, 3.75],
        },
    )
)

add(
    Exercise(
        "6.1 inside",
        2,
        level="think",
        choices=4,
        mistakes={
            "which area would grow if it came nearer to the middle?": 1,
            "which area would grow if it came nearer to an edge?": 3,
            "whatever the sizes: which of the two areas changes in a move?": 4,
        },
    )
)

add(
    Exercise(
        "6.1 further",
        24,
        level="think",
        mistakes={
            "units behind two poolings look at places four pixels apart.": 20,
            "the second pooling sees two units of the second layer, two pixels apart.": 22,
            "the patches overlap.": 48,
            "those are the pixels of one pooled entry; a kernel has three of them across.": 16,
        },
    )
)
