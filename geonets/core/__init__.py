"""What a structured input is."""
