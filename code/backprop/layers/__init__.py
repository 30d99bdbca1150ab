"""What a network is made of beyond `Dense`: each forward pass beside its backward pass.

============= ======= ====================================================================
module        section what is in it
============= ======= ====================================================================
basic         6.1.1   `Activate`, `Flatten`; `EachStep` for sequences (6.2.1)
convolution   6.1.1   `Conv2D`, `MaxPool2D`, `AveragePool2D`, `GlobalAveragePool`
normalization 6.1.1   `BatchNorm`, `Dropout`, `Residual`; `LayerNorm` (6.2.2)
recurrent     6.2.1   `RNN`, `LSTM`, `GRU`, `Bidirectional`; `clip_gradient`, `Clipped`
attention     6.2.2   `attend`, `MultiHeadAttention`, `Positions`; pooling over time
embedding     6.3     `Embedding`, `SparseSGD`, `LazyAdam`; `SequenceCrossEntropy` (6.2.1)
============= ======= ====================================================================

`Layer` and `Dense` stand in `backprop.network`.
"""
