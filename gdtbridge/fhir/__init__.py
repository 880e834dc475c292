"""The archive, its orders and its measurements as resources of FHIR R4 (4.0.1), for reading.

Here live the resources, built as plain dicts from what was decided, the tables by which DICOM is
told in FHIR, and the search through them. There is no store of resources: each is made from the
index and the stored objects when somebody asks. Flask, addresses of the web server and decisions
must not live here.
"""
