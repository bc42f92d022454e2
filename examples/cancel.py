"""Stop jobs: by hand, by a deadline, and by giving up waiting.

python examples/cancel.py [URL]
"""

import asyncio

from _app import app_address

from gradwire import AsyncClient, DeadlineExceededError, JobCancelledError


async def main(address: str) -> None:
    async with AsyncClient.connect(address) as client:
        # By hand. A generator stops on the server at its next `yield`.
        job = client.submit("/count", seconds=60, name="by hand")
        async for event in job:
            if int(event.data[0]) == 3:
                break
        print(f"cancelled: {await job.cancel()}")
        try:
            await job
        except JobCancelledError as error:
            print(f"JobCancelledError: {error}")

        # By a deadline for the call as a whole: the job is stopped on the server too.
        hasty = client.with_options(timeout=1)
        try:
            await hasty.predict("/count", seconds=60, name="deadline")
        except DeadlineExceededError as error:
            print(f"DeadlineExceededError: {error}")

        # By cancelling the task that waits in predict().
        try:
            async with asyncio.timeout(1):
                await client.predict("/count", seconds=60, name="task")
        except TimeoutError:
            print("TimeoutError: nobody waits any more, so the job is stopped")

        await asyncio.sleep(0.5)
        names = ("by hand", "deadline", "task")
        before = [(await client.predict("/counted", name=name)).value for name in names]
        await asyncio.sleep(0.5)
        after = [(await client.predict("/counted", name=name)).value for name in names]
        print(f"stopped on the server: {before == after}, at {after}")


with app_address() as address:
    asyncio.run(main(address))
