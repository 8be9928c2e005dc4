"""The command line: one file per command.

A command reads its options, calls one job and prints what came of it. Jobs are imported inside the commands, so that
`--help` answers at once.
"""
