"""One module for each command, named as the command.

A module declares its options, calls one use case and hands the result to a renderer. Commands do not import
each other, and only the one that is called is loaded (`cli.app`).
"""
