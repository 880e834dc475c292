"""Who may call: the guard in front of every call, tokens, and how many calls the core gets at once.

What must not live here: what a call does.
"""
