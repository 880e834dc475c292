"""FHIR R4 over HTTP, below ``/fhir``: questions to `gdtbridge.fhir`, and its answers.

What a resource is, and what fits a search, must not live here.
"""
