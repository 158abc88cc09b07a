"""Knows from the events how often the guard acts and whether that has changed. It reads events, never a text.

`models` and the modules beside this line up to `engine` are pure: records and times in, alarms and rates out.
"""
