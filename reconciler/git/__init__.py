"""Git: trees, merges, history, commits and remotes, through the git program.

`runner` runs git in an environment that no repository can influence (`environment`); `repository` is the one
object that the use cases and the record are given; the other modules each have one subject. Knows nothing of
lists or reports. `subprocess` is imported here only. Files are read as blobs, never through a checkout.
Called by `audit` and by the use cases.
"""
