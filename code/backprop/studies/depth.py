"""How large a signal is after many layers, and its error signal on the way back.

Measured in one network with weights drawn once; section 8.2.1 has the formulas.
"""

from __future__ import annotations

import numpy as np

from ..doors import checked, generator
from ..layers.basic import Activate, Residual
from ..layers.normalization import BatchNorm, LayerNorm
from ..network import Dense, Network, Sequential

# variance of a weight; "small" and "large" are half and three times the standard deviation of
# Xavier's, for square layers
VARIANCES = {
    "small": lambda d_in, d_out: 0.25 / d_in,
    "xavier": lambda d_in, d_out: 2 / (d_in + d_out),  # equation (eq-depth-xavier) (glorot2010)
    "he": lambda d_in, d_out: 2 / d_in,  # equation (eq-depth-he) (he2015)
    "large": lambda d_in, d_out: 9 / d_in,
}


@checked
def initialise(net: Network, scheme: str, rng: np.random.Generator) -> Network:
    """Draw all weights of `net` anew, in place; biases become 0. Returns `net`.

    Parameters
    ----------
    net : Network
        Fully connected.
    scheme : str
        A name of `VARIANCES`: normal with that variance. Or "orthogonal": the columns (or rows,
        whichever are fewer) of W have length 1 and are at right angles (saxe2014).
    rng : numpy.random.Generator
        Source of the weights.
    """
    if scheme not in VARIANCES and scheme != "orthogonal":
        raise ValueError(
            f"unknown initialisation {scheme!r}; there are: {', '.join(VARIANCES)}, orthogonal"
        )
    for l, (d_in, d_out) in enumerate(zip(net.sizes, net.sizes[1:]), 1):
        if scheme == "orthogonal":
            Q, R = np.linalg.qr(rng.normal(size=(max(d_in, d_out), min(d_in, d_out))))
            W = Q * np.sign(np.diag(R))  # without it not all of them would be equally likely
            if d_in < d_out:
                W = W.T
        else:
            W = rng.normal(0, np.sqrt(VARIANCES[scheme](d_in, d_out)), (d_in, d_out))
        net.set(**{f"W{l}": W})
        if f"b{l}" in net.parameters:
            net.parameters[f"b{l}"][...] = 0
    return net


@checked
def error_sizes(net: Network, X: np.ndarray, grad: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Send `X`, (n, d), forward and `grad`, dL/da of the last layer, back.

    Returns
    -------
    z : ndarray, (L,)
        Root mean square of z in each layer.
    delta : ndarray, (L,)
        The same of delta.
    """
    net.forward(X)
    net.backward(grad)
    rms = lambda a: np.sqrt(np.mean(np.square(a)))
    z = np.array([rms(layer.z) for layer in net.layers])
    delta = np.array([rms(layer.delta) for layer in net.layers])
    return z, delta


@checked
def jacobian(net: Network, x: np.ndarray) -> np.ndarray:
    """The Jacobian d(output)/d(input) of `net`, (d_out, d), at one sample `x`, (1, d).

    One backward pass with all unit vectors at once.
    """
    d_out = net.sizes[-1]
    net.forward(np.repeat(x, d_out, axis=0))  # the sample once for each output
    return net.backward(np.eye(d_out, dtype=net.dtype), inputs=True)


@checked
def deep_classifier(
    activation: str,
    gain: float | str,
    form: str = "plain",
    depth: int = 30,
    d: int = 64,
    inputs: int = 784,
    classes: int = 10,
    rng: np.random.Generator | None = None,
    dtype=np.float32,
) -> Sequential:
    """A classifier with `depth` hidden layers of `d` units, for section 8.2.1.

    The first and the last layer are drawn as `Dense` draws them; of the ``depth - 1`` square layers
    between, `gain` says how they are drawn and `form` what they are.

    Parameters
    ----------
    activation : str
        f, that of the hidden layers.
    gain : float or "orthogonal"
        Weights of variance ``gain / d``, or orthogonal ones.
    form : str
        "plain": f(x W + b). "batch norm": f(BN(x W + b)). "residual": x + f(x W + b).
        "normalised residual": x + f(LN(x) W + b).
    depth : int
        Hidden layers.
    d : int
        Units of each.
    inputs : int
        Entries of a sample.
    classes : int
        Outputs, which are logits.
    rng : numpy.random.Generator, optional
        Source of the weights.
    dtype : float64 or float32
        Of the parameters.
    """
    if isinstance(gain, str) and gain != "orthogonal":
        raise ValueError(f'gain must be a number or "orthogonal", not {gain!r}')
    rng = generator(rng)

    def square(f):
        layer = Dense(d, d, f, rng=rng, dtype=dtype)
        if isinstance(gain, str):
            W = np.linalg.qr(rng.normal(size=(d, d)))[0]
        else:
            W = rng.normal(0, np.sqrt(gain / d), (d, d))
        layer.parameters["W"][...] = W
        return layer

    forms = {
        "plain": lambda: [square(activation)],
        "batch norm": lambda: [square("identity"), BatchNorm(d, dtype=dtype), Activate(activation)],
        "residual": lambda: [Residual([square(activation)])],
        "normalised residual": lambda: [Residual([LayerNorm(d, dtype=dtype), square(activation)])],
    }
    if form not in forms:
        raise ValueError(f"unknown form {form!r}; there are: {', '.join(forms)}")
    layers = [Dense(inputs, d, activation, rng=rng, dtype=dtype)]
    for _ in range(depth - 1):
        layers += forms[form]()
    return Sequential((inputs,), [*layers, Dense(d, classes, rng=rng, dtype=dtype)])
