"""What is measured, a family a file."""
