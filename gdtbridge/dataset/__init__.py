"""The bytes of a DICOM dataset: header, text of every character set, values.

Also: when two files hold one object, and hardening of pydicom.

What must not live here: what an exam is.
"""
