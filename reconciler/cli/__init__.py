"""The command line: options in, one use case, text or JSON and an exit code out.

`main` is the entry point, `app` loads the one command that is called, `call` holds global options and turns
errors into exit codes. `commands` has a module for each command, `render` turns results into text. Nothing
is decided here.
"""
