"""The command line: options in, one use case, an exit code out."""
