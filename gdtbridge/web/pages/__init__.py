"""The pages people see; nothing a device or a caller wrote becomes markup.

What must not live here: calls of programs, and who may call.
"""
