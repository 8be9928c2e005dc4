"""Numerics: mathematics that knows nothing of generators."""
