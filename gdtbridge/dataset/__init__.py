"""The bytes of a DICOM dataset: header, text of every character set, values, hardening of pydicom.

What must not live here: what an exam is.
"""
