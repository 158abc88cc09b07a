"""Toxicity: classifiers of windows, with Detoxify's label names."""
