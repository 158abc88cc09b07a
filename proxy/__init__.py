"""The guarding proxy: wire formats, the stream guard, the server and its command line."""
