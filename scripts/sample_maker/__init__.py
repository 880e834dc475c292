"""Makes the sample files: the same bytes on every run and every machine.

``uids`` makes identifiers, ``cast`` holds the invented people and their studies, ``part10`` turns
a dataset into a file, ``tree`` builds Structured Report content; ``echo``, ``sonoscape``,
``images``, ``gdt_files`` and ``results`` make one kind of sample each. ``outline`` reads
reports written as outlines, ``charts`` makes of them what a practice sees. Nothing here is imported
by the program itself.
"""
