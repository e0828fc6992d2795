"""Git: trees, merges, history and commits. Knows nothing of lists."""
