"""The built-in CXone: a real HTTP server over SQLite, never more lenient than the contract."""
