"""gradwire's `AsyncClient` again, in a loop of uvloop."""

import asyncio

import uvloop
from gradwire_async import connect
from harness import run_async

if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    run_async(connect)
