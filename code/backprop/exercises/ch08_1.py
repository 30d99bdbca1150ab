"""Exercises of section 8.1."""
from __future__ import annotations
