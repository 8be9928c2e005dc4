"""What a person sees: strips, grids, maps, animations, pages."""
