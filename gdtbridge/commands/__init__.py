"""The commands of the command line, a module for each group; `gdtbridge.cli` puts them together.

Every room is imported late, so that a command starts only what it needs.
"""
