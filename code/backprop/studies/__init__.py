"""What single sections of chapters 7 to 9 study: one module a study; long runs and frameworks.

============= ======= =====================================================================
module        section what is in it
============= ======= =====================================================================
stored        6 to 9  results of runs that take too long for a page
frameworks    5.3, 7  TensorFlow, PyTorch and Keras, where they are installed; Optuna (8.1)
sonar         7.2.2   the echoes of 1988, real data
ensemble      7.2.2   `Ensemble`: many small networks at once, for cross-validation
counting      8.1.1   `count_products`: the multiplications of a pass
transformer   8.1.2   a Transformer `block`, and the tasks `lookup` and `parity`
meta          8.1.3   gradient descent through gradient descent, on sine waves
scans         8.1     a linear recurrence as a scan, forwards and back, and a layer of it
experts       8.1     `Mixture`: many layers, of which each sample uses few
adapters      8.1     `Adapted`: a trained layer and a pair of thin matrices that learns
float8        8.1     numbers of 8 bits, and a layer rounded to them
depth         8.2.1   how large signals are after many layers; `deep_classifier` (also 9.4)
checkpointing 8.2.2   fewer activations kept, more computed again
precision     8.2.2   float16 and bfloat16, and a layer rounded to them
attribution   8.2.3   gradients with respect to the input: explanations and attacks
muon          8.3.1   `Muon`: an optimiser that makes its step orthogonal
compression   8.3.2   weights left out, weights of few bits, a teacher for a small network
relations     8.3.3   `PairRelation`: learning digits from what is known of pairs
============= ======= =====================================================================
"""
