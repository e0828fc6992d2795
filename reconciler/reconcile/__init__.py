"""The use cases, one a file. The only rooms that see everything, and the only ones with a clock."""
