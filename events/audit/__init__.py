"""The audit store: what was blocked or changed, encrypted, in a chain that shows every later change."""
