"""The pages people see, in German; nothing a device wrote becomes markup.

What must not live here: calls of programs, and who may call.
"""
