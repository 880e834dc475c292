"""From bytes to records of the GDT language."""
