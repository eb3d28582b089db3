"""Faster forms of the reference, one family a file; each file ends in its rules."""
