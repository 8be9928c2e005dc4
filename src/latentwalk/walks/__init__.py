"""Walks: ways to move a code to where it is wanted."""
