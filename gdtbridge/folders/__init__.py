"""The file edge: orders that practice software drops into a folder, or hands over with a call.

A file is claimed, read, passed record by record to the orders, and filed under ``archive`` or
``error``; ``docs/reference/orders.md`` says how every interruption ends. What an order means for an
exam and for the worklist is not decided here.
"""

from gdtbridge.folders.files import OrderFiles
from gdtbridge.folders.ports import ExchangeFolders, OrderPorts
from gdtbridge.folders.program import run
from gdtbridge.folders.watch import OrderWatch

__all__ = ["ExchangeFolders", "OrderFiles", "OrderPorts", "OrderWatch", "run"]
