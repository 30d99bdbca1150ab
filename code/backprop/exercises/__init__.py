"""The exercises of the book, one module a chapter; importing this package registers them with `backprop.check`."""
from . import ch01, ch02, ch03, ch04, ch05  # noqa: F401
