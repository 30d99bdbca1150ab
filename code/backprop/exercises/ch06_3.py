"""Exercises of section 6.3."""
from __future__ import annotations
