"""Readers of checkpoint formats: bytes to families."""
