"""The pure core: values, decisions, and the order in which a run carries them out.

Here are the values of the domain (`model`), the plan and everything that is decided for it (`planning`),
and the run that sends a plan through the provider port (`apply`). Not here: HTTP, files, git, YAML and
clocks; whatever the core needs of them is an argument. The use cases call it, and so do the property tests
and `script/exhaust`, which play whole histories on it in memory.
"""
