"""What is to be read of foreign reports: one table per file, and the rules that choose from it.

The tables are written by ``python -m tests.sr.expected.tables FOLDER`` from what DCMTK
prints. Nothing here imports gdtbridge: this is the other opinion.
"""
