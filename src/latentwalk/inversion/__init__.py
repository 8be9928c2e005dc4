"""Photographs to codes: aligning, inverting, putting back."""
