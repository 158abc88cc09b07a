"""Policies: the YAML, its schema and loader, and what a rule decides."""
