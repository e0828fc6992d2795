"""CXone over the wire: dialects (requests and answers) over one client (token, pace, retry)."""
