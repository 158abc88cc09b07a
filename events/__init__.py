"""What the proxy reports: event types and where they go."""
