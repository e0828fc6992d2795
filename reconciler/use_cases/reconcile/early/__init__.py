"""What `apply` does before it reads CXone, and whether it has to read at all.

`writes` sends new opt-outs that can weaken nothing. `counts` decides whether totals verify the run, since
nothing in it depends on what others did. What may go and what is owed is decided in `core.planning`, and
sent by `core.apply`. In doubt nothing goes early, and everything is read. Called by `prepared_plan`.
"""
