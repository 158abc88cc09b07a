"""The only code that knows sockets: listener, upstream client, exchanges, admin endpoints."""
