"""gradwire's `Client` again, with the extra `speed`."""

import uvloop  # noqa: F401 - without it this would measure the same as gradwire_sync.py
from gradwire_sync import connect
from harness import run_sync

if __name__ == "__main__":
    run_sync(connect)
