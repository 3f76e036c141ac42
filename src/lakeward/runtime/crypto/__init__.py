"""Encryption at rest: the one module through which payload passes that must not lie in the clear.

Envelopes: a payload is sealed under a data key (AES-256-GCM), and each data key lies in the database wrapped by a
master key, which never does: master keys are in a file on the server's machine, or in a variable of its environment.
Whoever has the database alone, or a backup of it, has nothing. A payload opens only with the context it was sealed
with, so one that is moved to another place opens nowhere. Removing a data key makes all that was sealed under it
unreadable for good.
"""

from lakeward.runtime.crypto.envelope import Vault, context_of
from lakeward.runtime.crypto.keys import KeyMissing, MasterKeys

__all__ = ["KeyMissing", "MasterKeys", "Vault", "context_of"]
