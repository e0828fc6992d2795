"""Dialect `entries` in the built-in CXone: its API, its entries and their store.

`agent` does what people and scripts do to entries behind the API's back. Called by `sandbox.app`.
"""
