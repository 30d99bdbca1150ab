"""Words, vocabularies, and sequences of unequal length in one array."""
import numpy as np
import pytest

from backprop.datasets import load_sentences
from backprop.tokens import Vocabulary, words


def test_words():
    assert words("It's a GREAT film -- don't you think?!") == ["it's", "a", "great", "film", "don't", "you", "think", "?", "!"]
    assert words("''The Rock'' isn’t half-bad in 3_D") == ["the", "rock", "isn’t", "half", "bad", "in", "3", "d"]
    assert words("") == []


def test_vocabulary():
    v = Vocabulary([["to", "be", "or"], ["not", "to", "be"], ["to"]], least=2, extra=["<s>"])
    assert v.tokens == ["<pad>", "<unk>", "<s>", "to", "be"] and len(v) == 5
    ids = v.encode([["<s>", "to", "see"], ["be"], []])
    assert ids.dtype.kind == "i" and ids.tolist() == [[2, 3, 1], [4, 0, 0], [0, 0, 0]]
    assert v.encode([["to", "be", "to"]], length=2).tolist() == [[3, 4]] and v.encode([["to"]], length=2).tolist() == [[3, 0]]
    assert v.decode(ids[0]) == ["<s>", "to", "<unk>"] and v.decode(ids[1]) == ["be"] and v.decode(np.array([3, 4])) == ["to", "be"]
    letters = Vocabulary(["abba", "b"])
    assert letters.encode(["ab", "c"]).tolist() == [[3, 2], [1, 0]] and "".join(letters.decode([3, 2])) == "ab"
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
