"""A patient, and when two descriptions are of two persons.

What must not live here: where a description came from.
"""
