"""Detectors: pure, stateless judges of windows of text."""
