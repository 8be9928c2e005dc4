"""What a person sees: strips, grids, maps of change, charts, and walks that move."""
