"""Checkpoints that are elsewhere: addresses, one bounded and checked way to fetch them, a folder that keeps them."""
