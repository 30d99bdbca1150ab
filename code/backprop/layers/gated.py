r"""Recurrent layers with gates, through which a state lasts: LSTM and GRU."""

from __future__ import annotations

import numpy as np

from ..activations import sigmoid
from .recurrent import Recurrent


class LSTM(Recurrent):
    r"""Long short-term memory: equations (eq-lstm-forward), (eq-lstm-backward) (hochreiter1997).

    The columns of ``x_t Wx + h_{t-1} Wh + b`` are four blocks of h in the order i, f, g, o, as in
    PyTorch: a sigmoid makes the gates i (in), f (forget, gers2000) and o (out), tanh the proposal
    g. Then ``c_t = f c_{t-1} + i g`` and ``h_t = o tanh(c_t)``. Back along c the error is
    multiplied by f alone. The biases of the forget gate start at 1, so that a new network remembers
    (jozefowicz2015). The state is (h, c) in one row, (n, 2 h). Parameters as for `Recurrent`.
    """

    gates = 4  # i, f, g, o
    parts = 2  # h, c

    def __init__(self, d, h, *, last=False, rng=None, dtype=np.float64):
        super().__init__(d, h, last=last, rng=rng, dtype=dtype)
        self.parameters["b"][h : 2 * h] = 1

    def step(self, t, z, state):
        h_before, c_before = np.split(state, 2, axis=1)  # (n, h) each
        z = z + h_before @ self.parameters["Wh"]  # (n, 4 h) + (n, h) @ (h, 4 h)
        z_i, z_f, z_g, z_o = np.split(z, 4, axis=1)  # (n, h) each
        i = sigmoid.forward(z_i)
        f = sigmoid.forward(z_f)
        g = np.tanh(z_g)
        o = sigmoid.forward(z_o)
        c = f * c_before + i * g
        tanh_c = np.tanh(c)
        self.kept[t] = i, f, g, o, tanh_c
        return np.concatenate([o * tanh_c, c], axis=1)  # (n, 2 h)

    def step_backward(self, t, grad, state):
        i, f, g, o, tanh_c = self.kept[t]
        c_before = state[:, self.units :]
        grad_h, grad_c = np.split(grad, 2, axis=1)  # (n, h) each
        grad_c = grad_c + grad_h * o * (1 - tanh_c**2)
        delta_i = grad_c * g * i * (1 - i)
        delta_f = grad_c * c_before * f * (1 - f)
        delta_g = grad_c * i * (1 - g**2)
        delta_o = grad_h * tanh_c * o * (1 - o)
        delta = np.concatenate([delta_i, delta_f, delta_g, delta_o], axis=1)  # (n, 4 h)
        before = np.concatenate([np.zeros_like(grad_h), grad_c * f], axis=1)  # (n, 2 h)
        return delta, delta, before


class GRU(Recurrent):
    r"""Gated recurrent unit: equations (eq-gru-forward), (eq-gru-backward) (cho2014).

    The columns of Wx, Wh and b are three blocks of h in the order r, u, g, as in PyTorch (whose z
    is our u): a sigmoid of ``x_t Wx + h_{t-1} Wh + b`` makes the gates r (reset) and u (update);
    with ``q = h_{t-1} Wh + bh``, block g of Wh, the proposal is ``g = tanh(x_t Wx + b + r q)``, and
    ``h_t = (1 - u) g + u h_{t-1}``. The reset gate acts *after* the product with Wh, as in PyTorch
    and cuDNN (in cho2014 before it), so that this product is one with the others; that is why its
    bias ``bh``, (h,), cannot be merged with ``b``. Parameters as for `Recurrent`.
    """

    gates = 3  # r, u, g

    def __init__(self, d, h, *, last=False, rng=None, dtype=np.float64):
        super().__init__(d, h, last=last, rng=rng, dtype=dtype)
        self.own(**self.parameters, bh=np.zeros(h, dtype))

    def step(self, t, z, state):
        h = self.units
        recurrent = state @ self.parameters["Wh"]  # (n, h) @ (h, 3 h)
        gates = sigmoid.forward(z[:, : 2 * h] + recurrent[:, : 2 * h])  # (n, 2 h)
        r, u = gates[:, :h], gates[:, h:]  # (n, h) each
        q = recurrent[:, 2 * h :] + self.parameters["bh"]  # (n, h)
        g = np.tanh(z[:, 2 * h :] + r * q)
        self.kept[t] = r, u, g, q
        return (1 - u) * g + u * state

    def step_backward(self, t, grad, state):
        r, u, g, q = self.kept[t]
        delta_g = grad * (1 - u) * (1 - g**2)  # (n, h)
        delta_r = delta_g * q * r * (1 - r)
        delta_u = grad * (state - g) * u * (1 - u)
        grad_z = np.concatenate([delta_r, delta_u, delta_g], axis=1)  # (n, 3 h)
        grad_r = np.concatenate([delta_r, delta_u, delta_g * r], axis=1)  # behind the reset gate
        return grad_z, grad_r, grad * u

    def weight_gradients(self, grad_z, grad_r):
        super().weight_gradients(grad_z, grad_r)
        grad_q = grad_r[:, :, 2 * self.units :]  # (T, n, h)
        self.gradients["bh"][...] = grad_q.sum(axis=(0, 1))
