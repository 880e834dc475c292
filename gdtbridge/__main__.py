"""``python -m gdtbridge`` is the command ``gdtbridge``."""

from gdtbridge.cli import main

main()
