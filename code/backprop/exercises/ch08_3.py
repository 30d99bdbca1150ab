"""Exercises of section 8.3."""
from __future__ import annotations
