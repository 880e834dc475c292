"""What the practice software gets: where, in which dialect, which records, values and files.

What must not live here: deciding whose an exam is.
"""
