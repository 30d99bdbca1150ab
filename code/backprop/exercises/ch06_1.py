"""Exercises of section 6.1."""
from __future__ import annotations
