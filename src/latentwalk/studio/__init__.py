"""The studio: control over a generator, live, in a browser."""
