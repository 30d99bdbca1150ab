"""Sections 6.1: convolutional networks on pictures."""
