"""Exercises of section 6.2."""

from __future__ import annotations

import numpy as np

from .registry import Exercise, add

add(
    Exercise(
        "6.2 bits",
        1.75 / float(np.log(2)),
        level="recall",
        decimals=2,
        mistakes={
            "that multiplies; a bit is a smaller unit than a natural one, "
            "so there are more of them.": 1.75 * float(np.log(2)),
            "that is the perplexity, the number of equally likely characters; "
            "its logarithm to base 2 is wanted.": float(np.exp(1.75)),
            "that takes the logarithm of the cross-entropy, which is a logarithm already.": (
                float(np.log2(1.75))
            ),
            "that divides by the logarithm of 10; a bit is a question with two answers.": (
                1.75 / float(np.log(10))
            ),
        },
    )
)

add(
    Exercise(
        "6.2 reach",
        int(np.ceil(np.log(1e-6) / np.log(0.8))),
        level="practise",
        mistakes={
            "after that many steps it is still a little above.": (
                int(np.floor(np.log(1e-6) / np.log(0.8)))
            ),
            "a number of steps is whole.": float(np.log(1e-6) / np.log(0.8)),
            "that is for one thousandth; a millionth is asked for.": (
                int(np.ceil(np.log(1e-3) / np.log(0.8)))
            ),
            "the length is multiplied by 0.8 at each step; that is as if 0.2 were left.": (
                int(np.ceil(np.log(1e-6) / np.log(0.2)))
            ),
        },
    )
)


def recurrent(
    x,
    Wx,
    Wh,
    b,
    G,
    *,
    slope=lambda h: 1 - h**2,
    transpose=True,
    future_counts=True,
    state=0,
    only_last=False,
):
    h = [np.zeros(len(Wh))]
    for row in x:
        h.append(np.tanh(row @ Wx + h[-1] @ Wh + b))
    total, future = np.zeros_like(Wh), np.zeros(len(Wh))
    for t in range(len(x), 0, -1):
        own = G[t - 1] if not only_last or t == len(x) else 0 * G[0]
        delta = (own + future_counts * future) * slope(h[t])
        total = total + np.outer(h[t - 1 + state], delta)
        future = delta @ (Wh.T if transpose else Wh)
    return total


rng = np.random.default_rng(62)
add(
    Exercise(
        "6.2 recurrent weights",
        recurrent,
        level="practise",
        inputs=[
            (
                rng.normal(size=(T, 3)),
                rng.normal(size=(3, 4)),
                rng.normal(0, 0.7, (4, 4)),
                rng.normal(size=4),
                rng.normal(size=(T, 4)),
            )
            for T in (2, 3, 7)
        ],
        mistakes={
            "the slope of tanh is missing.": lambda *p: recurrent(*p, slope=np.ones_like),
            "the slope is the sigmoid's, h (1 - h); tanh has another.": lambda *p: recurrent(
                *p, slope=lambda h: h * (1 - h)
            ),
            "on the way back through time Wh stands transposed.": lambda *p: recurrent(
                *p, transpose=False
            ),
            "what comes from later steps is missing: "
            "a state also acts through the next one.": lambda *p: recurrent(
                *p, future_counts=False
            ),
            "the error of a step meets the state *before* it, "
            "the one that Wh was multiplied with.": lambda *p: recurrent(*p, state=1),
            "only the last row of G is used; every step has one.": lambda *p: recurrent(
                *p, only_last=True
            ),
            "that is the transpose of the gradient.": lambda *p: recurrent(*p).T,
        },
    )
)


def queries(
    Q, K, V, G, *, scaled_back=True, scaled=True, centre=True, weights=True, axis=1, axis_back=1
):
    d = Q.shape[1]
    S = Q @ K.T / (np.sqrt(d) if scaled else 1)
    A = np.exp(S - S.max(axis=axis, keepdims=True))
    A = A / A.sum(axis=axis, keepdims=True)
    bar_A = G @ V.T
    bar_S = bar_A - centre * (A * bar_A).sum(axis=axis_back, keepdims=True)
    return (A * bar_S if weights else bar_S) @ K / (np.sqrt(d) if scaled and scaled_back else 1)


add(
    Exercise(
        "6.2 queries",
        queries,
        level="think",
        inputs=[
            (
                rng.normal(size=(n, 5)),
                rng.normal(size=(m, 5)),
                rng.normal(size=(m, 2)),
                rng.normal(size=(n, 2)),
            )
            for n, m in ((3, 4), (1, 6), (4, 4))
        ],
        mistakes={
            "the scores are divided by the root of d; "
            "on the way back so is their error.": lambda *p: queries(*p, scaled_back=False),
            "the division by the root of d is missing, forward and back.": lambda *p: queries(
                *p, scaled=False
            ),
            "the weights of a row add up to 1, so each depends on all scores: "
            "the mean error of the row is missing.": lambda *p: queries(*p, centre=False),
            "the weights of a query add up to 1 over the keys, which are the columns; "
            "the softmax goes along the rows.": lambda *p: queries(*p, axis=0, axis_back=0),
            "the softmax goes along the rows on the way forward, too: "
            "a query's weights add up to 1.": lambda *p: queries(*p, axis=0),
            "the mean error is that of a query's row, not of a key's column.": lambda *p: queries(
                *p, axis_back=0
            ),
            "the weight itself is missing as a factor of the softmax's derivative.": lambda *p: (
                queries(*p, weights=False)
            ),
        },
    )
)

add(
    Exercise(
        "6.2 who sees whom",
        4 * 64 * 65 // 2,
        level="recall",
        mistakes={
            "that is one head; there are four.": 64 * 65 // 2,
            "that is all weights; half of them, about, are masked.": 4 * 64 * 64,
            "an element sees itself, too.": 4 * 64 * 63 // 2,
            "that is exactly half of all; the diagonal is not halved.": 4 * 64 * 64 // 2,
        },
    )
)


def lstm_step(x, h, c, Wx, Wh, b, grad_h, grad_c, *, by_h=1.0, slope=1.0, gate=True, turn=np.copy):
    i, f, g, o = np.split(x @ Wx + h @ Wh + b, 4, axis=1)
    i, f, o = (1 / (1 + np.exp(-z)) for z in (i, f, o))
    g = np.tanh(g)
    tanh_c = np.tanh(f * c + i * g)
    grad_c = grad_c + by_h * grad_h * o * (1 - slope * tanh_c**2)
    delta = np.concatenate(
        [
            grad_c * g * i * (1 - i),
            grad_c * c * f * (1 - f),
            grad_c * i * (1 - g**2),
            grad_h * tanh_c * o * (1 - o),
        ],
        axis=1,
    )
    return np.concatenate([delta @ turn(Wh).T, grad_c * f if gate else grad_c], axis=1)


def gates_exchanged(W):
    i, f, g, o = np.split(W, 4, axis=1)
    return np.concatenate([f, i, g, o], axis=1)


def cell_inputs(n, d, h, blocks):
    """x, h, Wx, Wh, b of one step of a cell with that many blocks of columns."""
    shapes = ((n, d), (n, h), (d, blocks * h), (h, blocks * h), (blocks * h,))
    return [rng.normal(size=shape) for shape in shapes]


def lstm_inputs(n, d, h):
    x, before, Wx, Wh, b = cell_inputs(n, d, h, 4)
    return x, before, rng.normal(size=(n, h)), Wx, Wh, b, *rng.normal(size=(2, n, h))


add(
    Exercise(
        "6.2 LSTM step",
        lstm_step,
        level="practise",
        inputs=[lstm_inputs(n, d, h) for n, d, h in ((1, 2, 3), (4, 3, 2), (3, 5, 4))],
        mistakes={
            "the output h acts through the cell as well: "
            "its error has to be added to that of c.": lambda *p: lstm_step(*p, by_h=0.0),
            "the slope of tanh at c is missing.": lambda *p: lstm_step(*p, slope=0.0),
            "along the cell the error is multiplied by the forget gate.": lambda *p: lstm_step(
                *p, gate=False
            ),
            "the blocks stand in the order i, f, g, o; "
            "those of i and f are exchanged on the way back.": lambda *p: lstm_step(
                *p, turn=gates_exchanged
            ),
            "the error of h comes first, that of c second.": lambda *p: np.roll(
                lstm_step(*p), p[1].shape[1], axis=1
            ),
        },
    )
)


def gru_step(x, h, Wx, Wh, b, bh, grad_h, *, kept=1.0, gated=True, reset=1.0, update=1.0):
    zx, zh = np.split(x @ Wx + b, 3, axis=1), np.split(h @ Wh, 3, axis=1)
    r, u = (1 / (1 + np.exp(-(zx[k] + zh[k]))) for k in (0, 1))
    q = zh[2] + bh
    g = np.tanh(zx[2] + r * q)
    delta_g = grad_h * (1 - u) * (1 - g**2)
    delta_r = reset * delta_g * q * r * (1 - r)
    delta_u = update * grad_h * (h - g) * u * (1 - u)
    delta = np.concatenate([delta_r, delta_u, delta_g * r if gated else delta_g], axis=1)
    return delta @ Wh.T + kept * grad_h * u


def gru_inputs(n, d, h):
    return *cell_inputs(n, d, h, 3), rng.normal(size=h), rng.normal(size=(n, h))


add(
    Exercise(
        "6.2 GRU step",
        gru_step,
        level="practise",
        inputs=[gru_inputs(n, d, h) for n, d, h in ((1, 2, 3), (4, 3, 2), (3, 5, 4))],
        mistakes={
            "the direct way is missing: the share u of the old state stays.": lambda *p: gru_step(
                *p, kept=0.0
            ),
            "the proposal sees the old state through the reset gate: a factor r is missing on the "
            "way back.": lambda *p: gru_step(*p, gated=False),
            "the reset gate depends on the old state as well.": lambda *p: gru_step(*p, reset=0.0),
            "the update gate depends on the old state as well.": lambda *p: gru_step(
                *p, update=0.0
            ),
            "the update gate weighs the old state against the new: "
            "its error has h minus g, not g minus h.": lambda *p: gru_step(*p, update=-1.0),
        },
    )
)


def query_weights(X, Wq, Wk, Wv, Wo, heads, G, *, output=True, whole=False, swapped=False):
    bar_H = G @ Wo.T if output else G
    parts = []
    for columns in np.split(np.arange(len(Wq)), heads):
        Q, K, V = X @ Wq[:, columns], X @ Wk[:, columns], X @ Wv[:, columns]
        root = np.sqrt(len(Wq) if whole else len(columns))
        A = np.exp(Q @ K.T / root)
        A = A / A.sum(axis=1, keepdims=True)
        bar_A = bar_H[:, columns] @ V.T
        bar_S = A * (bar_A - (A * bar_A).sum(axis=1, keepdims=True))
        parts.append(X.T @ (bar_S.T @ Q if swapped else bar_S @ K) / root)
    return np.concatenate(parts, axis=1)


add(
    Exercise(
        "6.2 heads",
        query_weights,
        level="think",
        inputs=[
            (
                rng.normal(size=(n, d)),
                *(0.5 * rng.normal(size=(4, d, d))),
                heads,
                rng.normal(size=(n, d)),
            )
            for n, d, heads in ((3, 4, 2), (5, 6, 3), (2, 6, 2))
        ],
        mistakes={
            "that is one head as wide as all; "
            "each head has scores and a softmax of its own.": lambda X, Wq, Wk, Wv, Wo, m, G: (
                query_weights(X, Wq, Wk, Wv, Wo, 1, G)
            ),
            "a head has d / m columns: it is the root of that by which "
            "its scores are divided.": lambda X, Wq, Wk, Wv, Wo, m, G: query_weights(
                X, Wq, Wk, Wv, Wo, m, G, whole=True
            ),
            "the error of the heads comes back through the output matrix Wo.": lambda *p: (
                query_weights(*p, output=False)
            ),
            "on the way back Wo stands transposed.": lambda X, Wq, Wk, Wv, Wo, m, G: query_weights(
                X, Wq, Wk, Wv, Wo.T, m, G
            ),
            "that is the gradient of the keys' weights.": lambda *p: query_weights(
                *p, swapped=True
            ),
        },
    )
)


add(
    Exercise(
        "6.2 Witten-Bell",
        (3 + 4 * 0.2) / 14,
        level="practise",
        decimals=3,
        mistakes={
            "that is the share among those seen; the shorter context has a say as well.": 0.3,
            "the shorter context counts D = 4 times, once for each kind that was new.": (
                (3 + 0.2) / 14
            ),
            "the share of the shorter context is taken from the whole: divide by N + D.": (
                (3 + 4 * 0.2) / 10
            ),
            "that is the mean of both estimates; they do not count the same.": 0.25,
        },
    )
)


def colder(p, temperature):
    z = np.log(p) / temperature
    p = np.exp(z - z.max())
    return p / p.sum()


add(
    Exercise(
        "6.2 temperature",
        colder,
        level="practise",
        inputs=[(np.array(p), tau) for p in ([0.2, 0.3, 0.5], [0.9, 0.1]) for tau in (0.5, 1.5)],
        mistakes={
            "that is warmer: below 1 the temperature makes likely characters likelier.": (
                lambda p, temperature: colder(p, 1 / temperature)
            ),
            "the probabilities do not add up to 1.": lambda p, temperature: p ** (1 / temperature),
            "divided are the logits, not the probabilities: take the logarithm first.": (
                lambda p, temperature: colder(np.exp(p), temperature)
            ),
        },
    )
)

add(
    Exercise(
        "6.2 where it looks",
        2 * 7 * 8,
        level="recall",
        mistakes={
            "deciding to stop is a step, too.": 2 * 6 * 8,
            "that is one head; there are two.": 7 * 8,
            "there is a weight for each pair of a step and a letter.": 2 * (7 + 8),
            "the word looked at has 8 letters; nothing looks at its end.": 2 * 7 * 9,
        },
    )
)


def memory(Q, M, G, *, as_keys=1.0, as_values=1.0, scaled=True):
    root = np.sqrt(Q.shape[1])
    A = np.exp(Q @ M.T / root)
    A = A / A.sum(axis=1, keepdims=True)
    bar_A = G @ M.T
    bar_S = A * (bar_A - (A * bar_A).sum(axis=1, keepdims=True))
    return as_values * A.T @ G + as_keys * bar_S.T @ Q / (root if scaled else 1)


add(
    Exercise(
        "6.2 memory",
        memory,
        level="practise",
        inputs=[
            (rng.normal(size=(n, d)), rng.normal(size=(T, d)), rng.normal(size=(n, d)))
            for n, T, d in ((2, 3, 4), (1, 5, 2), (4, 4, 3))
        ],
        mistakes={
            "that is what comes back to the values; M are the keys as well.": lambda *p: memory(
                *p, as_keys=0.0
            ),
            "that is what comes back to the keys; M are the values as well.": lambda *p: memory(
                *p, as_values=0.0
            ),
            "the scores are divided by the root of d; on the way back so is their error.": (
                lambda *p: memory(*p, scaled=False)
            ),
        },
    )
)


def edits(said, right, *, replacing=1, shifts=True):
    row = [j if shifts else 0 for j in range(len(right) + 1)]
    for i, sound in enumerate(said, start=1):
        before, row = row, [i if shifts else 0]
        for j, other in enumerate(right, start=1):
            row.append(
                min(before[j] + 1, row[j - 1] + 1, before[j - 1] + replacing * (sound != other))
            )
    return row[-1]


def place_by_place(said, right):
    return sum(a != b for a, b in zip(said, right)) + abs(len(said) - len(right))


add(
    Exercise(
        "6.2 edits",
        edits,
        level="think",
        inputs=[
            ((3, 1, 4), (3, 1, 4)),
            ((3, 4), (3, 1, 4)),
            ((3, 1, 4, 1, 5, 9), (1, 4, 1, 5, 9, 2)),
            ((2, 7, 1, 8), (2, 1, 8, 2, 8)),
            ((), (1, 2)),
            ((5, 6, 5), ()),
            ((1, 2, 3), (1, 7, 3)),
        ],
        mistakes={
            "that compares place by place: after one missing sound all that follows is shifted.": (
                place_by_place
            ),
            "a replacement is one mistake, not a deletion and an insertion.": lambda *p: edits(
                *p, replacing=2
            ),
            "at the edges something is missing: all sounds have to be inserted "
            "where nothing was said.": lambda *p: edits(*p, shifts=False),
        },
    )
)

add(
    Exercise(
        "6.2 not",
        (-0.2 - 0.9) - 1.3,
        level="recall",
        decimals=1,
        mistakes={
            "that is the weight of 'not' itself; 'bad' comes on top.": -1.1,
            "a sum of weights turns nothing around: the weight of 'not' is added, "
            "whatever comes after it.": 0.2,
            "the weight of 'not' is below 0: it has to outweigh 'good'.": 1.1 - 1.3,
        },
    )
)


add(
    Exercise(
        "6.2 left out",
        [1.25, 1.0],
        level="practise",
        decimals=2,
        entries=("left out", "gradient × input"),
        mistakes={
            "that puts 0 in the word's place: the mean is to be over the other two words.": [
                1.0,
                1.0,
            ],
            "how much it falls was asked: z with the word minus z without it.": [-1.25, 1.0],
            "gradient times input is a share of a mean of three.": [1.25, 3.0],
            "gradient times input keeps the divisor of the whole sentence.": [1.25, 1.5],
        },
    )
)


def pooling_query(E, q, g, *, scaled=True, centre=True, weights=True):
    root = np.sqrt(len(q))
    a = np.exp(E @ q / root)
    a = a / a.sum()
    bar_a = E @ g
    bar_s = bar_a - centre * (a @ bar_a)
    return (a * bar_s if weights else bar_s) @ E / (root if scaled else 1)


add(
    Exercise(
        "6.2 pooling",
        pooling_query,
        level="think",
        inputs=[
            (rng.normal(size=(T, d)), rng.normal(size=d), rng.normal(size=d))
            for T, d in ((3, 4), (5, 2), (2, 6))
        ],
        mistakes={
            "the weights add up to 1, so each depends on all scores: the mean error is missing.": (
                lambda *p: pooling_query(*p, centre=False)
            ),
            "the scores are divided by the root of d; on the way back so is their error.": (
                lambda *p: pooling_query(*p, scaled=False)
            ),
            "the weight itself is missing as a factor of the softmax's derivative.": lambda *p: (
                pooling_query(*p, weights=False)
            ),
        },
    )
)

add(
    Exercise(
        "6.2 parameters",
        32,
        level="recall",
        mistakes={
            "the steps share their weights.": 3200,
            "the weights from the state before are missing.": 16,
            "the biases are missing.": 28,
            "those are a bias and a weight for each pair of input and unit; "
            "the state comes in as well.": 15,
        },
    )
)

add(
    Exercise(
        "6.2 at rest",
        2 * (1 - 0.9575**2),
        level="think",
        decimals=2,
        mistakes={
            "the slope of tanh belongs to each step, too.": 2.0,
            "that is the slope alone; the weight belongs to each step, too.": 1 - 0.9575**2,
            "the slope of tanh is 1 minus the square of the state, not the state.": 2 * 0.9575,
        },
    )
)

add(
    Exercise(
        "6.2 scores",
        [0.04, 0.36, -0.4],
        level="practise",
        decimals=2,
        entries=("s1", "s2", "s3"),
        mistakes={
            "the mean error of the row is not taken off.": [0.2, 0.6, 0.0],
            "each is multiplied by its weight at the end.": [0.2, 1.2, -0.8],
            "the mean error is one with the weights.": [0.0, 0.3, -0.5],
        },
    )
)

add(
    Exercise(
        "6.2 equal keys",
        2,
        level="think",
        choices=4,
        mistakes={
            "can a query change the weights, if all keys fit it equally well?": 1,
            "the values decide the answer; does the query, if all weights are equal anyway?": 3,
            "no key is preferred, whatever the query: then what does a change of it do?": 4,
        },
    )
)

add(
    Exercise(
        "6.2 unseen pair",
        2,
        level="think",
        choices=4,
        mistakes={
            "turning it around would take a weight of the pair, which nothing has taught.": 1,
            "the two words are in the bag as well as their pair.": 3,
            "other pairs have weights of their own; none of them stands in this sentence.": 4,
        },
    )
)

add(
    Exercise(
        "6.2 blank state",
        2,
        level="think",
        choices=4,
        mistakes={
            "how many characters does the state know of at the end of a piece?": 1,
            "how many characters of its own piece does each place have before it?": 3,
            "the forward pass makes the guesses: what does the first one go by?": 4,
        },
    )
)

add(
    Exercise(
        "6.2 measures",
        [25.0, 100 / 3],
        level="recall",
        decimals=1,
        entries=("error rate, %", "words right, %"),
        mistakes={
            "the rate is all mistakes over all sounds, not the mean of the words' rates.": [
                100 * (1 / 3 + 0 + 2 / 5) / 3,
                100 / 3,
            ],
            "a word with one mistake is not right.": [25.0, 200 / 3],
            "mistakes are counted over the sounds, not over the words.": [100.0, 100 / 3],
        },
    )
)

add(
    Exercise(
        "6.2 flat",
        3,
        level="think",
        choices=4,
        mistakes={
            "weights that are equal still add up to one.": 1,
            "the last state gets no larger weight than the others.": 2,
            "does the answer depend on the question, if the weights do not?": 4,
        },
    )
)
