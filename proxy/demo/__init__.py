"""The demonstration: a scripted model, the proxy before it, and live traffic."""
