"""Print a token stream as it comes, with progress and the queue's state on the side.

python examples/stream_tokens.py [URL]
"""

import asyncio
import sys

from _app import app_address

from gradwire import AsyncClient


async def main(address: str) -> None:
    async with AsyncClient.connect(address) as client:
        async for step in client.submit("/tell", words=20):
            print(step.delta[0], end="", flush=True)
        print()

        job = client.submit("/train", steps=4, all_events=True)
        async for event in job:
            match event.type:
                case "status" if event.progress_data:
                    bar = event.progress_data[0]
                    print(f"{bar.desc}: {bar.index:g} of {bar.length:g}", file=sys.stderr)
                case "status":
                    print(f"{event.stage}, position {event.position}", file=sys.stderr)
                case "log":
                    print(f"{event.level}: {event.log}", file=sys.stderr)
                case "data":
                    print(event.data[0])


with app_address() as address:
    asyncio.run(main(address))
