"""CXone over the wire: two dialects over one HTTP client.

`http` has the client: token, rate, retries, time limits. `entries` and `groups` each implement the provider
port for one API, and know nothing of each other. `read_pass` reads all pages until they add up, `saved_read`
keeps a read in a file. Not here: decisions about changes. Facts about the APIs and their dates are in
docs/reference/cxone.md. Called by the use cases; `use_cases.workspace.connection` picks the dialect.
"""
