"""Section 6.2: character models of the sonnets.

RNN, LSTM and GRU, three starts each, in bits a character.

    python code/experiments/characters.py

The first 80 % of the text are trained on, the next 10 % choose the epoch, the last 10 % are scored
once. The stored weights are those of the best network on the validation part, in float16, and its
test score is computed with them as stored.
"""

import numpy as np
from backprop.language.characters import CharacterModel, train_characters
from backprop.language.texts import load_sonnets
from backprop.optimizers import Adam
from backprop.layers.gated import GRU, LSTM
from backprop.layers.recurrent import RNN
from backprop.studies.stored import store
from backprop.training import cosine

CELLS = {"RNN": RNN, "LSTM": LSTM, "GRU": GRU}
EPOCHS, SEEDS, RATE, DROPOUT, PRIME = 20, 3, 3e-3, 0.3, 250


def parts(text):
    """Training, validation and test text, with their borders."""
    first, second = int(0.8 * len(text)), int(0.9 * len(text))
    return text[:first], text[first:second], text[second:]


def run(kind, seed, train, validation, alphabet):
    """Train one network, stop where the validation part says so.

    Returns it with its bits on the validation part after each epoch.
    """
    net = CharacterModel(
        alphabet, CELLS[kind], p=DROPOUT, rng=np.random.default_rng(seed), dtype=np.float32
    )
    bits, best = [], None

    def after(epoch):
        nonlocal best
        bits.append(net.bits(validation, train[-PRIME:], streams=8))
        if bits[-1] == min(bits):
            best = net.theta.copy()
        return len(bits) - int(np.argmin(bits)) > 4

    losses = train_characters(
        net,
        train,
        Adam(RATE),
        epochs=EPOCHS,
        schedule=cosine,
        after=after,
        rng=np.random.default_rng(seed),
    )
    net.theta[...] = best.astype(np.float16)
    return net, bits, losses


def main():
    text = load_sonnets()
    alphabet, (train, validation, test) = "".join(sorted(set(text))), parts(text)
    result, keep = (
        {
            "epochs": EPOCHS,
            "learning_rate": RATE,
            "dropout": DROPOUT,
            "alphabet": alphabet,
            "runs": [],
        },
        None,
    )
    for kind in CELLS:
        for seed in range(SEEDS):
            net, bits, losses = run(kind, seed, train, validation, alphabet)
            steps = len(losses) // len(bits)
            found = {
                "cell": kind,
                "seed": seed,
                "parameters": net.theta.size,
                "validation": [round(b, 4) for b in bits],
                "train": [
                    round(float(np.mean(losses[k : k + steps])), 4)
                    for k in range(0, len(losses), steps)
                ][: len(bits)],
                "test": net.bits(test, validation[-PRIME:]),
            }
            result["runs"].append(found)
            print(
                kind,
                seed,
                "best epoch",
                int(np.argmin(bits)) + 1,
                "of",
                len(bits),
                "validation",
                min(bits),
                "test",
                found["test"],
                flush=True,
            )
            if keep is None or min(bits) < keep[0]:
                keep = min(bits), kind, seed, net.theta.astype(np.float16)
    result["kept"] = {"cell": keep[1], "seed": keep[2]}
    store(__file__, result, theta=keep[3])


if __name__ == "__main__":
    main()
