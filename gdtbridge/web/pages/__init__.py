"""The pages people see, in German; nothing a device wrote becomes markup.

What must not live here: calls of programs, and who may call.
"""

from importlib import resources


def page(name: str) -> str:
    """Return the HTML file ``name`` of this room."""
    return resources.files(__name__).joinpath(name).read_text("utf-8")
