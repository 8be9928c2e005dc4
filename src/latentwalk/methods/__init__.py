"""Methods that find directions from scored codes."""
