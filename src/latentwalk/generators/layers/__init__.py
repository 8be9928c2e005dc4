"""Layers: what the networks of several families are built from."""
