"""Exercises of chapter 7."""
from __future__ import annotations
