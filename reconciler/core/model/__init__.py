"""The values of the domain: frozen, without input or output.

Here are entries, releases, holds and terms as the files declare them, entries as CXone has them, findings,
errors with their exit codes, and the port that a dialect implements. Not here: decisions about changes
(`planning`) and how a value is read from YAML or JSON (the adapters). Everything else imports this package.
"""
