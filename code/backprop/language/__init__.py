"""Section 6.2: words, characters, sentences."""
