"""What the detector `presidio` finds and costs, beside Presidio's own `AnalyzerEngine` in the same run."""
