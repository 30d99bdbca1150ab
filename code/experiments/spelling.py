"""Section 6.2: from spelling to sounds.

Two tables, an encoder-decoder without attention and one with it, on held-out words.

    python code/experiments/spelling.py

Each network is trained from three random starts. All are scored with their weights as they would be
stored, in float16; those of the first start with attention are.
"""

from collections import Counter, defaultdict
from functools import cache

import numpy as np
from backprop.language.texts import load_cmudict
from backprop.layers.embedding import SequenceCrossEntropy
from backprop.language.encoder_decoder import EncoderDecoder, batches
from backprop.optimizers import Adam
from backprop.layers.clipping import clip_gradient
from backprop.studies.stored import store
from backprop.language.vocabulary import Vocabulary, edit_distance
from backprop.training import cosine

EPOCHS, BATCH, RATE, SEED, STARTS = 6, 128, 3e-3, 62, 3


def data():
    """Words of 2 to 14 letters a to z, one pronunciation each, and all pronunciations of each.

    Shuffled: train, validation, test.
    """
    one = load_cmudict(stress=False)
    all_ways = defaultdict(set)
    for word, sounds in zip(*load_cmudict(stress=False, variants=True)):
        all_ways[word].add(sounds)
    kept = [
        (word, sounds)
        for word, sounds in zip(*one)
        if word.isascii() and word.isalpha() and 2 <= len(word) <= 14 and len(sounds) <= 14
    ]
    kept = [kept[k] for k in np.random.default_rng(SEED).permutation(len(kept))]
    return kept[5000:], kept[:1000], kept[1000:5000], all_ways


def score(written, words, all_ways):
    """For each word the distance to the nearest of its pronunciations, and that one's length.

    Both are whole numbers, (n, 2).
    """
    found = []
    for sounds, word in zip(written, words):
        found.append(min((edit_distance(sounds, right), len(right)) for right in all_ways[word]))
    return np.array(found)


def rates(scores):
    return {
        "phoneme_error_rate": float(scores[:, 0].sum() / scores[:, 1].sum()),
        "words_right": float(np.mean(scores[:, 0] == 0)),
    }


# ------------------------------------------------------------------------------------------- tables
def align(word, sounds, worth):
    """Give each letter none, one or two of the sounds, in order.

    So that the sum of worth(letter, piece) is largest.
    """
    n, m = len(word), len(sounds)
    best = [{0: (0.0, 0)}]
    for i, letter in enumerate(word):
        here = {}
        for j, (value, _) in best[i].items():
            for size in range(max(0, m - j - 2 * (n - i - 1)), min(2, m - j) + 1):
                new = value + worth(letter, sounds[j : j + size])
                if j + size not in here or new > here[j + size][0]:
                    here[j + size] = new, size
        best.append(here)
    if m not in best[n]:
        return None  # more than two sounds a letter
    pieces, j = [], m
    for i in range(n, 0, -1):
        size = best[i][j][1]
        pieces.append(sounds[j - size : j])
        j -= size
    return pieces[::-1]


def aligned(train, rounds=4, few=15_000):
    """Alignments of all training words.

    First by which letters and sounds come in the same words, then by the counts of what was
    aligned.
    """
    together, letters, single = Counter(), Counter(), Counter()
    for word, sounds in train[:few]:
        together.update({(letter, sound) for letter in word for sound in sounds})
        letters.update(set(word))
        single.update(set(sounds))

    def worth(letter, piece):  # how much oftener together than by chance
        if not piece:
            return -1.0
        return (
            sum(
                np.log((together[letter, s] + 0.1) * few / (letters[letter] * single[s] + 1))
                for s in piece
            )
            - (len(piece) - 1) * 3.0
        )

    for k in range(rounds):
        counts, totals = Counter(), Counter()
        part = train if k == rounds - 1 else train[:few]
        valued = cache(worth)
        found = [align(word, sounds, valued) for word, sounds in part]
        for (word, _), pieces in zip(part, found):
            if pieces:
                counts.update(zip(word, pieces))
                totals.update(word)
        worth = lambda letter, piece, c=counts, t=totals: float(
            np.log((c[letter, piece] + 0.1) / (t[letter] + 1))
        )
    return [(word, pieces) for (word, _), pieces in zip(train, found) if pieces]


def tables(train, words):
    """What two tables write for `words`.

    One a letter, and one the longest stretch around a letter that was seen, up to 3 on each side.
    """
    seen = [defaultdict(Counter) for _ in range(4)]
    for word, pieces in aligned(train):
        padded = f"___{word}___"
        for i, piece in enumerate(pieces):
            for side in range(4):
                seen[side][padded[i + 3 - side : i + 4 + side]][piece] += 1
    choice = [
        {context: counts.most_common(1)[0][0] for context, counts in table.items()}
        for table in seen
    ]
    by_side = []
    for sides in ([0], [3, 2, 1, 0]):
        written = []
        for word in words:
            padded, out = f"___{word}___", ()
            for i in range(len(word)):
                out += next(
                    choice[side][key]
                    for side in sides
                    if (key := padded[i + 3 - side : i + 4 + side]) in choice[side]
                )
            written.append(out)
        by_side.append(written)
    return by_side


# ------------------------------------------------------------------------------------------ network
def train_network(attention, seed, train, validation, letters, sounds, all_ways):
    net = EncoderDecoder(
        len(letters),
        len(sounds),
        attention=attention,
        rng=np.random.default_rng(seed),
        dtype=np.float32,
    )
    loss, optimizer, rng = SequenceCrossEntropy(ignore=0), Adam(RATE), np.random.default_rng(seed)
    X, Y = letters.encode([word for word, _ in train]), sounds.encode([s for _, s in train])
    steps, step, history, norms = EPOCHS * -(-len(X) // BATCH), 0, [], []
    for epoch in range(EPOCHS):
        values = []
        for batch in batches(X, Y, BATCH, rng):
            values.append(net.loss_and_gradients(loss, *batch))
            norms.append(clip_gradient(net.gradient, 1.0))
            optimizer.step(net.theta, net.gradient, cosine(step / steps))
            step += 1
        now = rates(
            score(
                written_by(net, validation, letters, sounds), [w for w, _ in validation], all_ways
            )
        )
        history.append({"loss": float(np.mean(values)), **now})
        print(
            "attention" if attention else "no attention", seed, epoch + 1, history[-1], flush=True
        )
    return net, history


def written_by(net, pairs, letters, sounds, size=250):
    X, written = letters.encode([word for word, _ in pairs]), []
    for start in range(0, len(X), size):
        ids, _ = net.write(X[start : start + size])
        written += [tuple(sounds.tokens[k] for k in row) for row in ids]
    return written


def main():
    train, validation, test, all_ways = data()
    letters, sounds = (
        Vocabulary([word for word, _ in train]),
        Vocabulary([s for _, s in train], extra=("<start>", "<end>")),
    )
    words = [word for word, _ in test]
    result = {
        "words": {"train": len(train), "validation": len(validation), "test": len(test)},
        "epochs": EPOCHS,
        "learning_rate": RATE,
        "starts": STARTS,
        "letters": letters.tokens,
        "sounds": sounds.tokens,
        "test": {},
        "validation": {},
        "parameters": {},
    }
    distances = {
        name: [score(written, words, all_ways)]
        for name, written in zip(["one letter", "up to seven letters"], tables(train, words))
    }
    for name, attention in [("with attention", True), ("without attention", False)]:
        distances[name], result["validation"][name] = [], []
        for seed in range(SEED, SEED + STARTS):
            net, history = train_network(
                attention, seed, train, validation, letters, sounds, all_ways
            )
            net.theta[...] = net.theta.astype(np.float16)
            distances[name].append(score(written_by(net, test, letters, sounds), words, all_ways))
            result["validation"][name].append(history)
            if attention and seed == SEED:
                theta = net.theta.astype(np.float16)
        result["parameters"][name] = net.theta.size
    for name, found in distances.items():
        result["test"][name] = [rates(scores) for scores in found]
        print(name, result["test"][name], flush=True)
    store(
        __file__,
        result,
        theta=theta,
        length=distances["with attention"][0][:, 1].astype(np.uint8),
        **{
            name.replace(" ", "_"): np.array([scores[:, 0] for scores in found], np.uint8)
            for name, found in distances.items()
        },
    )


if __name__ == "__main__":
    main()
