"""What devices asked the worklist, and why they got what they got.

Here live the record of worklist queries (kept for days, bounded, never logged) and the words that
tell a person why an entry was not among the answers. Matching must not: it stands in `worklist`,
once, and says itself which key an entry fails.
"""
