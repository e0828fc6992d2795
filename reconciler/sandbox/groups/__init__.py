"""Dialect `dnc-groups` in the built-in CXone: its API, groups, records and their store.

`behaviour` says how the API behaves where NICE's published files leave it open; `control` sets it over
HTTP. Called by `sandbox.app`.
"""
