"""Section 6.3: ratings and lists."""
