"""What runs in a process of its own: native parsers that a damaged file may crash. Nothing here imports geonets."""
