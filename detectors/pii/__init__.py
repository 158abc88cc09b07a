"""Personal data, on Presidio's recognizers."""
