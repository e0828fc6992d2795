"""Dialect `dnc-groups`: the API that NICE publishes for DNC groups.

`provider` implements the port; `connection` finds the API of a tenant and signs in; `reader`, `group_read`
and `writes` read and write groups; `calls`, `records` and `dialect` are pure. `number_check` finds out
which settings fit a tenant. What evidence says of this API is in docs/reference/cxone.md. Knows nothing of
`entries`.
"""
