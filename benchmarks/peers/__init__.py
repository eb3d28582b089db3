"""Published models rewritten plainly from their papers, to be measured against."""
