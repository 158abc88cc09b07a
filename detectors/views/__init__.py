"""Evasion views: a text as a reader would take it, for matching, with a way back to the original offsets."""
