"""Words, vocabularies, and sequences of unequal length in one array."""

import numpy as np
import pytest

from backprop.language.texts import load_sentences
from backprop.language.vocabulary import Vocabulary, edit_distance, words


def test_words():
    assert words("It's a GREAT film -- don't you think?!") == [
        "it's",
        "a",
        "great",
        "film",
        "don't",
        "you",
        "think",
        "?",
        "!",
    ]
    assert words("''The Rock'' isn’t half-bad in 3_D") == [
        "the",
        "rock",
        "isn’t",
        "half",
        "bad",
        "in",
        "3",
        "d",
    ]
    assert words("") == []


def test_vocabulary():
    v = Vocabulary([["to", "be", "or"], ["not", "to", "be"], ["to"]], least=2, extra=["<s>"])
    assert v.tokens == ["<pad>", "<unk>", "<s>", "to", "be"] and len(v) == 5
    ids = v.encode([["<s>", "to", "see"], ["be"], []])
    assert ids.dtype.kind == "i" and ids.tolist() == [[2, 3, 1], [4, 0, 0], [0, 0, 0]]
    assert v.encode([["to", "be", "to"]], length=2).tolist() == [[3, 4]] and v.encode(
        [["to"]], length=2
    ).tolist() == [[3, 0]]
    assert (
        v.decode(ids[0]) == ["<s>", "to", "<unk>"]
        and v.decode(ids[1]) == ["be"]
        and v.decode(np.array([3, 4])) == ["to", "be"]
    )
    letters = Vocabulary(["abba", "b"])
    assert (
        letters.encode(["ab", "c"]).tolist() == [[3, 2], [1, 0]]
        and "".join(letters.decode([3, 2])) == "ab"
    )
    assert "5 tokens" in repr(v)


def test_every_sentence_has_words():
    text = load_sentences().text
    tokens = [words(sentence) for sentence in text]
    assert min(map(len, tokens)) >= 1
    v = Vocabulary(tokens)
    assert all(v.decode(row) == sentence for row, sentence in zip(v.encode(tokens[:50]), tokens))


def test_no_room_is_refused():
    for sequences, length in (([[]], None), ([], None), ([["a"]], 0)):
        with pytest.raises(ValueError, match="at least one token, not 0"):
            Vocabulary([["a"]]).encode(sequences, length)


def test_edit_distance():
    assert (
        edit_distance("kitten", "sitting") == 3
        and edit_distance("", "abc") == edit_distance("abc", "") == 3
    )
    assert edit_distance(("K", "AE", "T"), ("K", "AH", "T")) == 1 and edit_distance([], []) == 0

    def slow(a, b):  # the definition
        if not a or not b:
            return len(a) + len(b)
        return min(slow(a[1:], b) + 1, slow(a, b[1:]) + 1, slow(a[1:], b[1:]) + (a[0] != b[0]))

    rng = np.random.default_rng(0)
    for _ in range(60):
        a, b = ("".join(rng.choice(list("abc"), rng.integers(0, 6))) for _ in range(2))
        assert edit_distance(a, b) == slow(a, b) == edit_distance(b, a)
