"""Features: what two pictures are compared by."""
