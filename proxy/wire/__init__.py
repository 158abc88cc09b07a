"""Wire formats, sans-io: bytes to frames with the text in them, and back."""
