"""Copies sent to other archives: whether those say that they have them.

That a peer answered 0000 is no proof: a copy is confirmed by its storage commitment (PS3.4 Annex J)
or, by setting, by a query for the instance. How peers are asked is not decided here.
"""
