"""All rows of one database into another one, of any kind: whole, compared, or not at all."""

from modelwright.operations.transfer.errors import TransferError
from modelwright.operations.transfer.moving import Moved, database_add, database_move

__all__ = ["Moved", "TransferError", "database_add", "database_move"]
