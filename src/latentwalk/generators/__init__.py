"""Generator families: one file each."""
