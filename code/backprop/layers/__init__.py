"""What a network is made of beyond the fully connected layer: chapter 6, each forward pass beside its backward pass."""
