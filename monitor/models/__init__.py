"""The models that the engine keeps for a slice, each one small, pure and restorable. River is known here alone."""
