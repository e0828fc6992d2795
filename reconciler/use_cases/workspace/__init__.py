"""The project that a command works in.

Per-invocation context, the project of a tree with its lists and findings, the ledger, the connection to
CXone, and where requests may be sent. Called by all other use cases; calls the adapters.
"""
