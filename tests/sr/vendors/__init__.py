"""Reports as makers write them, built by hand from what is known of their devices."""
