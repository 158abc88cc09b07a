"""The outbox: a durable queue of events on the local disk, between those who decide and those who are told."""
