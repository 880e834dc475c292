"""From results to bytes of the GDT language."""
