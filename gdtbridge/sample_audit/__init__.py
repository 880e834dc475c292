"""The sample audit of a KV (KV-Stichprobe): what pictures lack, the cases, and what is handed in.

Here live the check of each picture as it arrives, the cases a person types in, the check list of
each, and the encrypted set that is handed in. How it is shown, and deciding whose a picture is,
must not live here.
"""
