"""Exercises of section 8.2."""
from __future__ import annotations
