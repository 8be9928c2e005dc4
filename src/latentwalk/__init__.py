"""Control over a generator that is already trained and stays fixed."""
