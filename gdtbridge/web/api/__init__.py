"""The calls of practice software and scripts: parsed, one function of the core called, answered.

What must not live here: pages for people, and who may call.
"""
