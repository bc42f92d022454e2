"""Cells in a real kernel, with both clients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from servers.launch import Server

from .conftest import Kernel

pytestmark = [pytest.mark.server, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module")
def page(kernel: Kernel, demo_url: str) -> Iterator[Kernel]:
    """Connect in the notebook, in both ways."""
    kernel.run(
        "import asyncio, time\n"
        "from pathlib import Path\n"
        "from gradwire import AsyncClient, Client\n"
        f"client = Client.connect({demo_url!r})\n"
        f"app = await AsyncClient.connect({demo_url!r})"
    )
    yield kernel
    kernel.run("client.close()\nawait app.close()")


@pytest.fixture(autouse=True)
def nothing_drawn(kernel: Kernel) -> None:
    kernel.places.clear()


def only(shown: list[dict[str, Any]]) -> str:
    (one,) = shown
    assert "text/plain" in one
    return str(one["text/html"])


def test_the_api(page: Kernel) -> None:
    html = only(page.run("await app.view_api()"))
    assert html.count("<details>") == 8
    assert "<code>/greet(name=" in html
    assert "Greet somebody." in only(page.run('client.view_api().find("/greet")'))


@pytest.mark.parametrize("call", ["client.predict", "await app.predict"])
def test_a_result(call: str, page: Kernel) -> None:
    html = only(page.run(f'{call}("/greet", name="<img src=x>", excited=True)'))
    assert "<img" not in html
    assert "Hello, &lt;img src=x&gt;!" in html
    assert "is greeted with joy" in html


def test_a_picture_stands_in_the_page(page: Kernel) -> None:
    html = only(page.run('client.predict("/invert", image=Path("photo.png"))'))
    assert '<img src="data:image/png;base64,' in html
    assert '<img src="data:image/png;base64,' in only(
        page.run('client.predict("/invert", image=Path("photo.png")).value')
    )


@pytest.mark.parametrize("what", ["", ".value"])
def test_a_picture_comes_into_the_page_later(what: str, page: Kernel) -> None:
    page.run(f'(await app.predict("/invert", image=Path("photo.png"))){what}')
    page.wait_for(lambda html: '<img src="data:image/png;base64,' in html)
    (place,) = page.places.values()
    assert "<img" not in place.texts[0]
    assert "image.png</a>" in place.texts[0]
    assert len(place.texts) == 2


@pytest.mark.parametrize("start", ["client.submit", "app.submit"])
def test_a_job_is_followed_to_its_end(start: str, page: Kernel) -> None:
    """The cell ends at once, and the place below it goes on to be drawn."""
    shown = page.run(f'{start}("/train", steps=4)')
    assert "<progress" not in str(shown) or "4/4" not in str(shown)
    assert "4 steps done" in page.wait_for(lambda html: "4 steps done" in html)
    (place,) = page.places.values()
    assert "<code>/train</code>" in place.texts[0]
    bars = [text for text in place.texts if "<progress" in text]
    assert bars
    assert all("training" in text and "/4 steps" in text for text in bars)


@pytest.mark.parametrize("wait", ["job.result()", "await job"])
def test_a_job_is_followed_while_its_cell_waits(wait: str, page: Kernel) -> None:
    start = "app" if "await" in wait else "client"
    shown = page.run(
        f'job = {start}.submit("/train", steps=3)\ndisplay(job)\nvalue = ({wait}).value'
    )
    assert "3 steps done" in page.wait_for(lambda html: "3 steps done" in html)
    assert len(shown) == 1
    assert "3 steps done" in only(page.run("job"))


def test_a_text_grows_in_the_page(page: Kernel) -> None:
    page.run('app.submit("/tell", words=40)')
    page.wait_for(lambda html: "nobody was bored" in html)
    (place,) = page.places.values()
    steps = [text for text in place.texts if "Once there" in text]
    assert len(steps) > 2
    assert len(steps[0]) < len(steps[-1])


@pytest.mark.parametrize("start", ["client.submit", "app.submit"])
def test_a_job_that_fails_or_is_cancelled(start: str, page: Kernel) -> None:
    page.run(f'{start}("/divide", [1, 0])')
    assert "AppError" in page.wait_for(lambda html: "Nothing can be divided" in html)
    page.places.clear()
    cancel = "job.cancel()" if start.startswith("client") else "await job.cancel()"
    page.run(f'job = {start}("/count", seconds=60)\ndisplay(job)\n{cancel}')
    assert "cancelled" in page.wait_for(lambda html: "cancelled" in html)


def test_a_picture_of_a_job(page: Kernel) -> None:
    for start in ("client", "app"):
        page.places.clear()
        page.run(f'{start}.submit("/invert", image=Path("photo.png"))')
        page.wait_for(lambda html: '<img src="data:image/png;base64,' in html)


def test_a_client_of_another_thread_with_a_loop_is_refused(page: Kernel) -> None:
    page.run(
        "import concurrent.futures\n"
        "from gradwire import InvalidArgumentError\n"
        "async def block(): client.predict('/greet')\n"
        "with concurrent.futures.ThreadPoolExecutor() as pool:\n"
        "    error = pool.submit(lambda: asyncio.run(block())).exception()\n"
        "assert isinstance(error, InvalidArgumentError), error\n"
        "assert 'AsyncClient' in str(error)"
    )


def test_a_picture_behind_a_login(kernel: Kernel, auth_server: Server) -> None:
    """The page itself could not fetch it."""
    html = only(
        kernel.run(
            "from gradwire import Client, handle_file\n"
            f"with Client.connect({auth_server.url!r}, auth=('ada', 'pw')) as one:\n"
            "    display(one.predict('/file_io', [handle_file('photo.png')]))"
        )
    )
    assert '<img src="data:image/' in html


def test_the_app_is_gone(page: Kernel) -> None:
    """A file that cannot be had is a link, at once."""
    html = only(
        page.run(
            "other = Client.connect(client._inner._requests.base_url)\n"
            'result = other.predict("/invert", image=Path("photo.png"))\n'
            "other.close()\nresult"
        )
    )
    assert "<img" not in html
    assert "image.png</a>" in html
