"""DICOMweb (PS3.18): the archive for viewers and programs that speak HTTP.

A module for each service: `searching` (QIDO-RS), `retrieving` (WADO-RS), `storing` (STOW-RS),
`committing` (storage commitment); `negotiation` and `multipart` are what they share. What is found
and what leaves is decided in `gdtbridge.retrieve`, what comes is taken by `gdtbridge.archive`.
"""
