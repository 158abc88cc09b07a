"""Runs the monitor's engine: where events come from, where alarms go, what is kept, who may read it."""
