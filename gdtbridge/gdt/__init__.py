"""The GDT language: fields, record types, character sets, reader, writer, dialects.

Bytes in, bytes out. One dialect for each family of practice software, as a table of rows that one
interpreter writes. What must not live here: DICOM, files and folders, clocks, settings. Imports
the standard library, chardet, `gdtbridge.people` and `gdtbridge.tsv`.
"""
