"""The DICOM upper layer (PS3.8) by pynetdicom, with what it leaves open to a stranger closed.

`listener` accepts connections, `acceptor` serves one association with `messages` (DIMSE),
`reactor` (state machine) and `sockets` below it; `requestor` makes associations with others.
Every private name of pynetdicom stands here and in `library`; what a request means must not.
"""
