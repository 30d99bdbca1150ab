"""The companion package of the book."""
