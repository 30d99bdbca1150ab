"""Exercises of section 6.2."""
from __future__ import annotations
