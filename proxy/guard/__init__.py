"""The stream guard, sans-io: what may leave, what is held, what is edited."""
