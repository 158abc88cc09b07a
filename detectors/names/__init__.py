"""Names of people, places and organisations, and dates: spaCy's models by way of Presidio."""
