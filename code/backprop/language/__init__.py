"""Section 6.2: words, characters, sentences.

=============== ======= ===============================================================
module          section what is in it
=============== ======= ===============================================================
texts           6.2     sonnets, words with their sounds, sentences of film reviews
ngrams          6.2     `WittenBell`: the next character by counting, the baseline
characters      6.2     `CharacterModel`: the next character by a recurrent network
vocabulary      6.2     `words`, `Vocabulary`: texts to ids and back; `edit_distance`
encoder_decoder 6.2     `EncoderDecoder`: from spelling to sound, with attention
sentiment       6.2.3   `Classifier`: is a sentence favourable, and which words said so
speech          6.2     recordings of digits, frames and bands, phrases put together
ctc             6.2     `CTC`: a loss for labels without times
recogniser      6.2     the network that hears digits; how many it gets wrong
templates       6.2     `Templates`: recordings stretched until they fit, the baseline
=============== ======= ===============================================================
"""
