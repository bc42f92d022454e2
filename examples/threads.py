"""Share one client between threads.

python examples/threads.py [URL]
"""

import threading
from concurrent.futures import ThreadPoolExecutor

from _app import app_address

from gradwire import Client


def work(client: Client, number: int) -> float:
    half: float = client.predict("/divide", dividend=number, divisor=2).value
    return half


with app_address() as address, Client.connect(address) as client:
    with ThreadPoolExecutor(16) as pool:
        halves = list(pool.map(lambda number: work(client, number), range(100)))
    assert halves == [number / 2 for number in range(100)]
    print(f"{len(halves)} results from 16 threads through one client")

    # A job can be shared too: every reader sees all of its events.
    job = client.submit("/tell", words=10)
    seen: list[int] = []
    readers = [threading.Thread(target=lambda: seen.append(len(list(job)))) for _ in range(3)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    print(f"3 readers of one job saw {seen} events")
