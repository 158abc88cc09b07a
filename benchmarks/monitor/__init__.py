"""The monitor's simulation harness: false alarms and delays beside the optimum, and beside River's detectors alone.

`python -m benchmarks.monitor` writes RESULTS.md; `make bench-monitor` is the same.
"""
