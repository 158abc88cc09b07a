"""Measurements of speed and size, in ratios against peers of the same run. They are read, and fail no build."""
