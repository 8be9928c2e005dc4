"""The jobs: one call each, put together from families, methods and walks."""
