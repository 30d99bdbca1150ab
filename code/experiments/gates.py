"""Section 9.6: a sign is to be remembered for 60 steps.

Recurrent cells with gates that forget soon or late, six random starts each.

Run: python code/experiments/gates.py
"""

import numpy as np
from tqdm import tqdm

from backprop.network import Dense
from backprop.losses import BinaryCrossEntropy
from backprop.model import pack
from backprop.optimizers import Adam
from backprop.layers.clipping import Clipped
from backprop.layers.gated import GRU, LSTM
from backprop.layers.recurrent import RNN
from backprop.studies.stored import store

SETUPS = {
    "RNN": (RNN, None),
    "LSTM, forget bias 1": (LSTM, 1),
    "LSTM, forget bias 5": (LSTM, 5),
    "GRU, update bias 0": (GRU, 0),
    "GRU, update bias 5": (GRU, 5),
}


def remember(kind, bias, seed, T=60, h=8, n=16, steps=200):
    """Losses of training; `bias` is that of the forget or update gate at the start."""
    rng, loss = np.random.default_rng(seed), BinaryCrossEntropy()
    cell, readout = kind(2, h, last=True, rng=rng), Dense(h, 1, rng=rng)
    if bias is not None:
        cell.parameters["b"][h : 2 * h] = bias
    theta, gradient = pack([cell, readout])
    optimizer, losses = Clipped(Adam(0.01), max_norm=1.0), []
    for _ in range(steps):
        x = rng.normal(size=(n, T, 2))
        x[:, :, 0] = 0
        x[:, 0, 0] = rng.choice([-1.0, 1.0], n)  # the sign, at the first step alone
        y = (x[:, 0, :1] > 0).astype(float)
        value, grad = loss.both(readout.forward(cell.forward(x)), y)
        cell.backward(readout.backward(grad), inputs=False)
        optimizer.step(theta, gradient)
        losses.append(value)
    return losses


def main():
    result = {
        name: [np.round(remember(*setup, seed), 5).tolist() for seed in range(6)]
        for name, setup in tqdm(SETUPS.items())
    }
    for name, runs in result.items():
        print(name, np.sort([np.mean(run[-20:]) for run in runs]).round(2))
    print(store(__file__, result))


if __name__ == "__main__":
    main()
