"""The workspace database: the only room that opens SQLite.

One file, WAL mode, numbered migrations. A run writes while readers read; a killed process leaves
whole transactions or none.
"""

from coordlib.store.database import Store, open_store

__all__ = ["Store", "open_store"]
