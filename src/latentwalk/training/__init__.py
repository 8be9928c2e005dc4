"""Training of small networks that the other jobs use."""
