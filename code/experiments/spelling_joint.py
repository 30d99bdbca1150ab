"""Section 6.2: from spelling to sounds by joint n-grams (galescu2001), on the words of spelling.py.

The words are aligned as for the tables there. A letter with its sounds is then one sign; the signs
of a word are counted like the characters of a text, with the smoothing of Kneser and Ney. A word is
written by a search for its likeliest row of signs. The length n is chosen on the validation words;
the test words are scored once.

    python code/experiments/spelling_joint.py
"""

from collections import defaultdict

import numpy as np
import spelling

from backprop.language.ngrams import KneserNey
from backprop.studies.stored import store

LENGTHS, BEAM, EDGE = (4, 5, 6, 7, 8), 8, "#"


class Joint:
    """Counts of signs: ``pairs`` are words with the sounds of each letter."""

    def __init__(self, pairs, n):
        self.n = n
        kinds = sorted({kind for word, sounds in pairs for kind in zip(word, sounds)})
        self.sign = {kind: chr(0xE000 + k) for k, kind in enumerate(kinds)}
        self.of_letter = defaultdict(list)
        for letter, sounds in kinds:
            self.of_letter[letter].append((self.sign[letter, sounds], sounds))
        self.of_letter[EDGE] = [(EDGE, ())]
        rows = ("".join(self.sign[kind] for kind in zip(*pair)) for pair in pairs)
        text = "".join(EDGE * (n - 1) + row for row in rows) + EDGE
        self.counts = KneserNey(text, n, EDGE + "".join(self.sign.values()))

    def write(self, word):
        """The sounds of the likeliest row of signs; after each letter the BEAM best go on."""
        known, beam = {}, [(0.0, EDGE * (self.n - 1), ())]
        for letter in word + EDGE:
            found = {}
            for value, before, sounds in beam:
                log_p = np.log(self.counts.after(before, known))
                for sign, more in self.of_letter[letter]:
                    key = (before + sign)[1:], sounds + more
                    new = value + log_p[self.counts.ids[sign]]
                    found[key] = max(new, found.get(key, -np.inf))
            best = sorted(found, key=lambda key: (-found[key], key))[:BEAM]
            beam = [(found[key], *key) for key in best]
        return beam[0][2]


def main():
    train, validation, test, all_ways = spelling.data()
    pairs = spelling.aligned(train)

    def scored(model, part):
        words = [word for word, _ in part]
        return spelling.score([model.write(word) for word in words], words, all_ways)

    tried, best = {}, None
    for n in LENGTHS:
        model = Joint(pairs, n)
        tried[n] = spelling.rates(scored(model, validation))
        print(n, len(model.sign), tried[n], flush=True)
        if tried[n]["words_right"] == max(t["words_right"] for t in tried.values()):
            best = model
    found = scored(best, test)
    test_rates = spelling.rates(found)
    print("test", best.n, test_rates)
    store(
        __file__,
        {"n": best.n, "tried": tried, "signs": len(best.sign), "test": test_rates},
        wrong=found[:, 0].astype(np.uint8),
        length=found[:, 1].astype(np.uint8),
    )


if __name__ == "__main__":
    main()
