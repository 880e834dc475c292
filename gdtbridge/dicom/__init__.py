"""The DICOM edge: a server, one small module for each DIMSE service, and a client.

`server` puts it together and answers Verification; `storage` and `worklist` translate one service
each to a call of the core; `policy` and `negotiation` say who and what is let in; `client` is the
other side.
`upper_layer` carries their messages and has all that touches pynetdicom's inside. Decisions about
exams must not live here.
"""
