"""Dialect `entries`: the API of the customer-supplied contract (read 2026-11-23).

`provider` implements the port; `calls`, `page` and `writes` are pure: requests as values, and what each
answer means. `dialect` has the settings and the terms that this API carries. Knows nothing of `groups`.
"""
