"""What scripts/image-check and the tests know of the compose file, without Docker.

What must not live here: what the bridge does.
"""
