"""Takes events from the outbox to Kafka."""
