"""`dnc.yaml`: tenants, limits, import profiles, and which files are lists.

Reads the configuration of one tree into values, with findings. Environment references are resolved here for
the one tenant that is used. Not here: the connection to a tenant (`use_cases.workspace.connection`). Called
by `lists` and by the use cases.
"""
