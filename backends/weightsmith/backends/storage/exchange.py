"""Two directories exchange their names in one step, where the system can do that.

Python's ``os`` has no such call; Linux has renameat2 with RENAME_EXCHANGE, and macOS renamex_np
with RENAME_SWAP.  Not every file system knows them (NFS does not), and Windows has none.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from pathlib import Path

AT_FDCWD = -100  # linux/fcntl.h: a path is relative to the current directory
RENAME_EXCHANGE = 2  # linux/fs.h
RENAME_SWAP = 2  # macOS, sys/stdio.h
# What a system says that has no such call; EPERM is also how a sandbox says so.
UNKNOWN = {errno.ENOSYS, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM}


def exchange(one: Path, other: Path) -> bool:
    """Let two directories exchange their names; False, with nothing done, where none can.

    Raises OSError where the system can and refuses.
    """
    if _call(os.fsencode(one), os.fsencode(other)) == 0:
        return True
    code = ctypes.get_errno()
    if code in UNKNOWN:
        return False
    raise OSError(code, os.strerror(code), str(one), None, str(other))


def _call(one: bytes, other: bytes) -> int:
    if sys.platform == "win32":
        ctypes.set_errno(errno.ENOSYS)
        return -1
    library = ctypes.CDLL(None, use_errno=True)
    if hasattr(library, "renameat2"):
        return int(library.renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE))
    if hasattr(library, "renamex_np"):
        return int(library.renamex_np(one, other, RENAME_SWAP))
    ctypes.set_errno(errno.ENOSYS)
    return -1
