"""Ends of programs: signals, exits and forks, in processes of their own.

What each of them has to be: quick, silent, and without half a file.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from helpers import eventually_so, finished, script, unique
from proxy import Drip, Hold, Proxy
from servers.launch import Server

from gradwire import Client

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals and forks like these")
QUICK = 5.0
"""Seconds in which a program has to be over."""


def started(process: object) -> None:
    """Wait until a program says that it is about to be ended."""
    assert process.stdout.readline() == "now\n"  # type: ignore[attr-defined]


# -- signals ---------------------------------------------------------------------------------------

SLOW = '"/par_gen", [60, name]'
SYNC_WAITS = {
    "predict": f"client.predict({SLOW})",
    "result": f"client.submit({SLOW}).result()",
    "result-with-timeout": f"client.submit({SLOW}).result(timeout=60)",
    "iterating": f"list(client.submit({SLOW}))",
    "several-threads": """
with ThreadPoolExecutor(3) as pool:
    jobs = [client.submit("/par_gen", [60, name]) for _ in range(3)]
    try:
        list(pool.map(lambda job: job.result(), jobs))
    finally:
        client.close()
""",
}


def interrupted(server: Server, body: str, number: int, *args: str) -> tuple[int, str, str]:
    """Run a program that waits, end it by a signal, return what it says; it has to be quick."""
    name = unique()
    code = f"""
import asyncio, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from gradwire import AsyncClient, Client
url, name, *more = sys.argv[1:]
{body}
"""
    process = script(code, server.url, name, *args)
    started(process)
    time.sleep(0.3)  # whatever it does, it is in the midst of it
    process.send_signal(number)
    began = time.monotonic()
    ended = finished(process)
    assert time.monotonic() - began < QUICK
    return ended


@POSIX
@pytest.mark.parametrize("waits", SYNC_WAITS.values(), ids=SYNC_WAITS)
def test_ctrl_c(server: Server, waits: str) -> None:
    body = f"""
client = Client(url)
print("now", flush=True)
{waits}
"""
    code, out, err = interrupted(server, body, signal.SIGINT)
    assert (code, out) == (-signal.SIGINT, "")
    assert err.strip().endswith("KeyboardInterrupt")
    assert err.count("Traceback") == 1


@POSIX
def test_ctrl_c_that_is_caught(server: Server) -> None:
    body = f"""
with Client(url) as client:
    print("now", flush=True)
    try:
        list(client.submit({SLOW}))
    except KeyboardInterrupt:
        print(client.predict("/hello", ["x"]).value)
assert threading.active_count() == 1
"""
    assert interrupted(server, body, signal.SIGINT) == (0, "Hello x", "")


@POSIX
@pytest.mark.parametrize(
    "waits", ["Client(url)", "asyncio.run(AsyncClient.connect(url)._connect())"]
)
def test_ctrl_c_while_connecting(proxy: Proxy, waits: str) -> None:
    proxy.rules["/config"] = Hold()
    code = f"""
        import asyncio, sys, threading
        from gradwire import AsyncClient, Client
        url = sys.argv[1]
        print("now", flush=True)
        try:
            {waits}
        except KeyboardInterrupt:
            print("interrupted", threading.active_count())
    """
    process = script(code, proxy.url)
    started(process)
    eventually_so(lambda: proxy.requests)
    process.send_signal(signal.SIGINT)
    assert finished(process, QUICK) == (0, "interrupted 1", "")


@POSIX
@pytest.mark.parametrize(
    "waits",
    [
        f"await client.predict({SLOW})",
        f"[event async for event in client.submit({SLOW})]",
        f"await client.submit({SLOW}).result(timeout=60)",
        f"await asyncio.gather(*(client.submit({SLOW}) for _ in range(3)))",
    ],
    ids=["predict", "iterating", "result", "gather"],
)
@pytest.mark.parametrize("closes", [True, False], ids=["closed", "open"])
def test_ctrl_c_in_a_loop(server: Server, waits: str, closes: bool) -> None:
    body = f"""
async def main():
    client = await AsyncClient.connect(url)
    print("now", flush=True)
    try:
        {waits}
    finally:
        if {closes}:
            await client.close()
asyncio.run(main())
"""
    code, out, err = interrupted(server, body, signal.SIGINT)
    assert (code, out) == (-signal.SIGINT, "")
    assert err.strip().endswith("KeyboardInterrupt")
    # One of the cancellation, and one of what it became.
    assert err.count("Traceback") == 2
    assert "nclosed" not in err
    assert "never" not in err


@POSIX
@pytest.mark.parametrize("how", ["sync", "async"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_a_download(
    server: Server, proxy: Proxy, tmp_path: Path, how: str, number: int
) -> None:
    with Client(server.url) as client:
        file = client.predict("/file_io", [b"x" * 2_000_000]).value
    address = file.url.replace(server.url, proxy.url)
    body = """
import signal
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(3))
address, folder, how = more
def began(progress):
    if progress.done < progress.total:
        if how == "sync":
            print("now", flush=True)
            time.sleep(0.05)  # in the thread of the loop: it will be in the midst of it
        else:  # not in here, where what a signal raises would be that of the callback
            asyncio.get_running_loop().call_soon(lambda: print("now", flush=True))
async def main():
    async with AsyncClient.connect(url) as client:
        await client.download(address, folder, began)
        await asyncio.sleep(60)
if how == "async":
    asyncio.run(main())
client = Client(url)
client.download(address, folder, began)
time.sleep(60)
"""
    proxy.rules["*/file=*"] = Drip(20_000)
    name = unique()
    code = f"""
import asyncio, sys, threading, time
from gradwire import AsyncClient, Client
url, name, *more = sys.argv[1:]
{body}
"""
    process = script(code, proxy.url, name, address, str(tmp_path), how)
    started(process)
    process.send_signal(number)
    code_, _, err = finished(process, 20)
    assert code_ == (-signal.SIGINT if number == signal.SIGINT else 3)
    assert "nclosed" not in err
    left = list(tmp_path.iterdir())
    assert [path.stat().st_size for path in left] in ([], [2_000_004])


@POSIX
def test_sigterm_ends_a_program_at_once(server: Server) -> None:
    body = f"""
client = Client(url)
print("now", flush=True)
client.predict({SLOW})
"""
    assert interrupted(server, body, signal.SIGTERM) == (-signal.SIGTERM, "", "")


@POSIX
@pytest.mark.parametrize("loop", [False, True], ids=["thread", "loop"])
def test_sigterm_that_exits_in_order(server: Server, loop: bool) -> None:
    waits = f"""
async def main():
    client = await AsyncClient.connect(url)
    print("now", flush=True)
    await client.predict({SLOW})
asyncio.run(main())
"""
    if not loop:
        waits = f"""
client = Client(url)
print("now", flush=True)
client.predict({SLOW})
"""
    body = f"""
import signal
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(3))
{waits}
"""
    assert interrupted(server, body, signal.SIGTERM) == (3, "", "")


# -- exits -----------------------------------------------------------------------------------------

EXITS = {
    "iterating-in-a-daemon-thread": f"""
def read():
    for event in client.submit({SLOW}):
        print("now", flush=True)
        time.sleep(0.01)
threading.Thread(target=read, daemon=True).start()
time.sleep(1)
""",
    "calling-in-a-daemon-thread": """
def work():
    while True:
        client.predict("/hello", ["x"])
        client.refresh()
for _ in range(4):
    threading.Thread(target=work, daemon=True).start()
time.sleep(1)
""",
    "joined-in-atexit": f"""
def work():
    try:
        client.predict({SLOW})
    finally:
        print("cleaned up", flush=True)
thread = threading.Thread(target=work, daemon=True)
thread.start()
import atexit
atexit.register(thread.join)
atexit.register(__import__("gradwire.client.loop_thread", fromlist=["x"])._stop_at_exit)
time.sleep(1)
""",
    "calling-in-a-daemon-thread-when-all-is-over": """
import atexit
from gradwire.client.loop_thread import _stop_at_exit
over = threading.Event()
def work():
    over.wait()
    client.predict("/hello", ["x"])
thread = threading.Thread(target=work, daemon=True)
thread.start()
atexit.register(thread.join)
atexit.register(over.set)
atexit.register(client.close)
atexit.register(_stop_at_exit)
""",
    "waiting-in-a-daemon-thread": f"""
job = client.submit({SLOW})
threading.Thread(target=job.result, daemon=True).start()
next(iter(job))
""",
    "reader-in-a-global": f"""
reader = iter(client.submit({SLOW}))
next(reader)
""",
    "cycle": f"""
class Holder: pass
holder = Holder()
holder.me, holder.client, holder.job = holder, client, client.submit({SLOW})
del holder, client
""",
    "callback": f"""
job = client.submit({SLOW})
job.add_done_callback(lambda job: client.view_api())
job.wait_for_id()
""",
    "in-atexit": f"""
import atexit
job = client.submit({SLOW})
job.wait_for_id()
atexit.register(client.close)
""",
    "upload": """
job = client.submit("/file_size", [b"x" * 5_000_000])
""",
    "views": f"""
views = [client.with_options(timeout=n) for n in range(1, 5)]
jobs = [view.submit({SLOW}) for view in views]
del client
""",
}


@pytest.mark.parametrize("ending", EXITS.values(), ids=EXITS)
def test_the_interpreter_exits_in_the_midst_of_things(server: Server, ending: str) -> None:
    code = f"""
import gc, sys, threading, time
from gradwire import Client
url, name = sys.argv[1:]
client = Client(url)
{ending}
print("end", flush=True)
"""
    process = script(code, server.url, unique())
    began = time.monotonic()
    code_, out, err = finished(process, 30)
    assert (code_, err) == (0, "")
    assert "end" in out.split()
    assert time.monotonic() - began < 2 * QUICK


@pytest.mark.parametrize("end", ["", "raise SystemExit(3)", "1 / 0"])
def test_a_loop_ends_in_the_midst_of_things(server: Server, end: str) -> None:
    code = f"""
import asyncio, sys
from gradwire import AsyncClient
url, name = sys.argv[1:]
async def main():
    global client, job, reader
    client = await AsyncClient.connect(url)
    job = client.submit({SLOW})
    reader = aiter(job)
    await anext(reader)
    asyncio.create_task(client.predict("/file_size", [b"x" * 5_000_000]))
    asyncio.create_task(client.predict("/noqueue", ["x"]))
    {end or "pass"}
asyncio.run(main())
"""
    code_, _, err = finished(script(code, server.url, unique()))
    expected = {"": (0, 0), "raise SystemExit(3)": (3, 0), "1 / 0": (1, 1)}[end]
    assert (code_, err.count("Traceback")) == expected, err
    assert "nclosed" not in err
    assert "never" not in err


# -- forks -----------------------------------------------------------------------------------------


def forking(server: Server, body: str) -> tuple[int, str, str]:
    code = f"""
import asyncio, multiprocessing, os, sys, threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # threads and forks, from 3.12 on
from gradwire import AsyncClient, Client, ClientClosedError, GradwireError
url, name = sys.argv[1:]
def refused(call):
    try:
        call()
    except ClientClosedError as error:
        assert "fork" in str(error), error
    else:
        sys.exit("no error")
{body}
"""
    return finished(script(code, server.url, unique()), 30)


CHILD = """
    refused(lambda: client.predict("/hello", ["x"]))
    refused(lambda: client.submit("/hello", ["x"]))
    refused(lambda: client.refresh())
    refused(lambda: client.upload_files(None, [b"x"]))
    refused(lambda: client.download(url + "/gradio_api/file=/x"))
    refused(lambda: job.result())
    refused(lambda: job.result(timeout=5))
    refused(lambda: job.cancel())
    refused(lambda: list(job))
    refused(lambda: list(reader))
    assert client.view_api().named_endpoints
    repr(client), repr(job), job.status, job.done()
    client.close()
    with Client(url) as own:
        assert own.predict("/hello", ["child"]).value == "Hello child"
"""
PARENT = f"""
client = Client(url)
job = client.submit({SLOW})
reader = iter(job)
next(reader)
"""
GOES_ON = """
assert next(reader).data
assert client.predict("/hello", ["x"]).value == "Hello x"
job.cancel()
client.close()
print("done")
"""


@POSIX
@pytest.mark.parametrize("end", ["os._exit(0)", "sys.exit(0)"])
def test_a_fork_amid_calls(server: Server, end: str) -> None:
    body = f"""{PARENT}
child = os.fork()
if child == 0:
{CHILD}
    {end}
assert os.waitpid(child, 0)[1] == 0
{GOES_ON}"""
    assert forking(server, body) == (0, "done", "")


@POSIX
@pytest.mark.parametrize("how", ["Process", "Pool"])
def test_multiprocessing_by_fork(server: Server, how: str) -> None:
    body = f"""{PARENT}
def work(number=0):
{CHILD}
    return number
context = multiprocessing.get_context("fork")
if {how == "Pool"}:
    with context.Pool(3) as pool:
        assert pool.map(work, range(6)) == list(range(6))
        pool.close()
        pool.join()
else:
    children = [context.Process(target=work) for _ in range(3)]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
{GOES_ON}"""
    assert forking(server, body) == (0, "done", "")


@POSIX
def test_a_fork_while_other_threads_call(server: Server) -> None:
    """Whatever lock another thread holds at that moment, the child must not wait for it."""
    body = f"""{PARENT}
over = threading.Event()
def call():
    while not over.is_set():
        client.predict("/hello", ["x"])
threads = [threading.Thread(target=call, daemon=True) for _ in range(4)]
for thread in threads:
    thread.start()
for _ in range(15):
    child = os.fork()
    if child == 0:
        refused(lambda: client.predict("/hello", ["x"]))
        refused(lambda: list(reader))
        client.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
over.set()
for thread in threads:
    thread.join()
{GOES_ON}"""
    assert forking(server, body) == (0, "done", "")


@POSIX
def test_preloading_as_a_web_server_does(server: Server) -> None:
    """The parent has connected; each worker finds out, connects anew, and all work at once."""
    body = """
client = Client(url)
client.predict("/hello", ["parent"])
workers = []
for number in range(3):
    child = os.fork()
    if child == 0:
        try:
            client.predict("/hello", ["x"])
        except ClientClosedError:
            client = Client(url)  # drops the parent's, which goes on
        for _ in range(5):
            assert client.predict("/hello", [str(number)]).value == f"Hello {number}"
        sys.exit(0)
    workers.append(child)
for child in workers:
    assert os.waitpid(child, 0)[1] == 0
assert client.predict("/hello", ["parent"]).value == "Hello parent"
client.close()
print("done")
"""
    assert forking(server, body) == (0, "done", "")


@POSIX
def test_a_fork_of_a_loop(server: Server) -> None:
    body = """
async def main():
    client = await AsyncClient.connect(url)
    await client.predict("/hello", ["x"])
    return client
async def parent():
    client = await main()
    child = os.fork()
    if child == 0:
        return client
    assert os.waitpid(child, 0)[1] == 0
    assert (await client.predict("/hello", ["x"])).value == "Hello x"
    await client.close()
    print("done")
with asyncio.Runner() as runner:
    client = runner.run(main())
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(client.predict("/hello", ["x"]))
        except GradwireError as error:
            assert "Connect another client" in str(error), error
            own = asyncio.run(main())
            os._exit(0)
        os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert runner.run(client.predict("/hello", ["x"])).value == "Hello x"
    runner.run(client.close())
print("done")
"""
    assert forking(server, body) == (0, "done", "")
