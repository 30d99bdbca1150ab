"""What a network is made of beyond `Dense`: each forward pass beside its backward pass.

============= ======= ========================================================================
module        section what is in it
============= ======= ========================================================================
basic         6.1.1   `Activate`, `Flatten`, `Residual`; `EachStep`, `Bidirectional` (6.2)
convolution   6.1.1   `Conv2D`, over the `windows` of a picture
pooling       6.1.1   `MaxPool2D`, `AveragePool2D`, `GlobalAveragePool`
normalization 6.1     `BatchNorm`, `Dropout`; `LayerNorm` (6.2.2)
recurrent     6.2.1   `Recurrent`: backpropagation through time; `RNN`
gated         6.2.1   `LSTM`, `GRU`
clipping      6.2.1   `clip_gradient`, `Clipped`
attention     6.2.2   `attend`, `MultiHeadAttention`
sequences     6.2.2   `Positions`; `MeanOverTime`, `SumOverTime`, `AttentionPooling` (6.2.3)
embedding     6.3     `Embedding`; `SequenceCrossEntropy` (6.2)
rows          6.3     `SparseSGD`, `LazyAdam`: optimisers that move the rows touched
============= ======= ========================================================================

`Layer` and `Dense` stand in `backprop.network`.
"""
