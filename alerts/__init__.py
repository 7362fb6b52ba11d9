"""Turns metrics into notifications. Reads a registry exactly as a scrape does and knows nothing of logs."""
