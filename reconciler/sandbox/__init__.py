"""The built-in CXone: an HTTP server over SQLite, never more lenient than the contract.

It serves both dialects for demos, tests and the embedded tenant, with faults and behaviours that a control
API switches on. `entries` and `groups` have what differs between the dialects. Not a part of a run against a
real tenant. Called by `use_cases.workspace.connection`, tests and scripts. The web server and SQLite are
imported here only.
"""
