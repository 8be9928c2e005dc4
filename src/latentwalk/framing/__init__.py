"""Framing: photographs brought to where a generator draws, compared there, and put back."""
