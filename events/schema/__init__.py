"""What is reported, as plain values: what a guard says (`reports`) and what leaves as an event (the other modules).

Pure: time, randomness and keys come in as arguments. No text of an exchange is in any of them.
"""

from events.schema.reports import Bypass, Failure, Incident

__all__ = ["Bypass", "Failure", "Incident"]
