"""Child processes for foreign bytes: a file can cost time, but not the service.

A room that opens files of others writes a table of its tasks (`room.SandboxRoom`: functions by
name, their results, limits, errors) and a `client.SandboxClient` that calls them. The functions run
in child processes (`child`, the one program), which the parent's `pool.ChildPool` starts, ends when
late and lets go when idle; `codec` carries the values between both.

Must not live here: what is read. Nothing is imported here, so that a child starts fast and small.
"""
