"""Scorers: images to logits."""
