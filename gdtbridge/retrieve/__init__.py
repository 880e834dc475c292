"""Answering what the archive holds, and handing it out: once for DIMSE, once for the web.

Whoever asks gets patients as they were decided, not as devices typed them; what is held, or not
decided yet, only who may see it.
"""
