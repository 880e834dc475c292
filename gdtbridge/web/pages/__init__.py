"""The pages people see, in German; nothing a device or a caller wrote becomes markup.

What must not live here: calls of programs, and who may call.
"""

import hashlib
from base64 import b64encode
from importlib import resources


def page(name: str) -> str:
    """Return the HTML file ``name`` of this room."""
    return resources.files(__name__).joinpath(name).read_text("utf-8")


def policy_of(html: str, forms: str = "'none'") -> str:
    """Return the Content-Security-Policy of a page: its own style, no script at all.

    ``forms`` says where its forms may be sent.
    """
    style = html.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; "
        f"base-uri 'none'; form-action {forms}"
    )
