"""The columns of the kernel's tables of whole numbers."""

#: Columns of a table of rows, and of a table of pairs (whose first account sorts before the second).
OBJECT, ACCOUNT, CONTENT, TIME = range(4)
LOW, HIGH, SHARED, LOW_CONTENT, HIGH_CONTENT, SECONDS = range(6)
