"""Run many jobs at once; some fail, and the others do not care.

python examples/many_jobs.py [URL]
"""

import asyncio

from _app import app_address

from gradwire import AppError, AsyncClient


async def main(address: str) -> None:
    async with AsyncClient.connect(address) as client:
        jobs = [client.submit("/divide", dividend=100, divisor=n % 10) for n in range(200)]
        outcomes = await asyncio.gather(*jobs, return_exceptions=True)

    failed = [outcome for outcome in outcomes if isinstance(outcome, AppError)]
    done = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    print(f"{len(done)} results, {sum(result.value for result in done):.1f} in sum")
    print(f"{len(failed)} failed: {failed[0]}")


with app_address() as address:
    asyncio.run(main(address))
