"""What a client can do with a Gradio app, one check each; the same for every release.

A check is a function that gets a `Case` and asserts. What a release lacks is not left out: the
check first makes sure that it is lacking, and that the client copes with that, and then says
`case.cannot(...)`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NoReturn

import pytest
from helpers import eventually_so, unique
from media import png, wav
from servers.launch import Server

from gradwire import (
    AppError,
    AuthenticationError,
    Client,
    ConnectionLostError,
    DeadlineExceededError,
    EndpointNotFoundError,
    FileData,
    InvalidArgumentError,
    Job,
    JobCancelledError,
    QueueFullError,
    Timeout,
    UploadError,
    handle_file,
)

LONG = 30
"""Seconds of what is to be cancelled."""


class ServerCannot(Exception):
    """The release lacks something, and the client has been seen to cope with it."""


@dataclass
class Case:
    """One release, running in one mode, and a client of it."""

    server: Server
    folder: Path

    @cached_property
    def client(self) -> Client:
        """A client, logged in where the mode asks for it."""
        login = {"auth": ("ada", "pw")} if "auth" in self.server.mode else {}
        return Client(self.server.url, **login)

    @property
    def release(self) -> tuple[int, ...]:
        return tuple(int(part) for part in self.server.version.split("."))

    def cannot(self, reason: str) -> NoReturn:
        raise ServerCannot(reason)

    def needs(self, endpoint: str, reason: str) -> None:
        """Say that the release cannot, if the app has no such endpoint on it."""
        if endpoint.strip("/") in dir(self.client.api):
            return
        with pytest.raises(EndpointNotFoundError):
            self.client.predict(endpoint)
        self.cannot(reason)

    def journal(self, name: str) -> list[str]:
        """Return what the app has written down of one name."""
        lines = self.client.predict("/journal").value
        return [line for line in lines if name in line]

    def start_long(self, seconds: float = LONG) -> tuple[Job[Any], str]:
        """Start a generator and wait for its first step."""
        name = unique()
        job = self.client.submit("/slow_gen", [seconds, name])
        next(iter(job))
        return job, name

    def file(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content)
        return path

    def close(self) -> None:
        self.client.close()


Check = Callable[[Case], None]


@dataclass(frozen=True)
class Capability:
    """One row of the table."""

    title: str
    mode: str
    check: Check


CAPABILITIES: list[Capability] = []


def capability(title: str, mode: str = "plain") -> Callable[[Check], Check]:
    """Put a check on the list."""

    def add(check: Check) -> Check:
        CAPABILITIES.append(Capability(title, mode, check))
        return check

    return add


# -- connecting ------------------------------------------------------------------------------------


@capability("connect")
def connect(case: Case) -> None:
    config = case.client.config
    assert config.version == case.server.version
    assert config.title == "endpoints"
    assert case.client.reconnect() == "connected"
    assert case.client.refresh().version == case.server.version


@capability("view_api: names, types, defaults, choices")
def view_api(case: Case) -> None:
    endpoint = case.client.view_api().named_endpoints["/multi"]
    assert [p.name for p in endpoint.parameters] == ["text", "n", "flag", "choice"]
    assert [p.type for p in endpoint.parameters] == ["str", "float", "bool", "Literal['a', 'b']"]
    assert [p.default for p in endpoint.parameters] == ["dflt", 3, True, "a"]
    assert [r.type for r in endpoint.returns] == ["str", "float"]
    counting = case.client.view_api().named_endpoints["/count"]
    assert counting.parameters == ()  # the State is hidden
    files = case.client.view_api().named_endpoints["/file_io"]
    assert files.parameters[0].type in ("FileData", "FileData | None")
    assert "client.predict(" in str(endpoint)


@capability("login", "auth")
def login(case: Case) -> None:
    with pytest.raises(AuthenticationError, match="auth="):
        Client(case.server.url)
    with pytest.raises(AuthenticationError, match="username and password"):
        Client(case.server.url, auth=("ada", "wrong"))
    assert case.client.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert [e.delta[0] for e in case.client.submit("/stream", ["abc"])] == ["a", "b", "c", ""]
    assert case.client.predict("/noqueue", ["x"]).value == "nq x"
    assert case.client.predict("/file_io", [b"content"]).value.read() == b"GOT:content"


@capability("mounted under a sub-path", "mount")
def mounted(case: Case) -> None:
    for url in (case.server.url, f"{case.server.url}/", f"{case.server.url}/?__theme=dark"):
        with Client(url) as client:
            assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert [e.delta[0] for e in case.client.submit("/stream", ["abc"])] == ["a", "b", "c", ""]
    assert case.client.predict("/file_io", [b"content"]).value.read() == b"GOT:content"


@capability("mounted, with a login", "mountauth")
def mounted_login(case: Case) -> None:
    with pytest.raises(AuthenticationError):
        Client(case.server.url)
    assert case.client.predict("/hello", ["Ada"]).value == "Hello Ada"
    assert case.client.predict("/file_io", [b"content"]).value.read() == b"GOT:content"


# -- calling ---------------------------------------------------------------------------------------


@capability("predict: list, names, defaults")
def predict(case: Case) -> None:
    client = case.client
    assert client.predict("/hello", ["Ada"]).value == "Hello Ada"
    joined, double = client.predict("multi", {"text": "x", "n": 2}).data
    assert joined in ("x|2|True|a", "x|2.0|True|a")
    assert double == 4
    assert client.predict("/multi", n=1, flag=False).value[1] == 2
    assert client.api.multi("y").value[0].startswith("y|3")
    with pytest.raises(InvalidArgumentError, match="txet"):
        client.predict("/multi", txet="x")
    result = client.predict("/hello", ["Ada"])
    assert result.duration is not None
    assert result.duration >= 0


@capability("endpoints without a name")
def unnamed(case: Case) -> None:
    index = next(iter(case.client.view_api().unnamed_endpoints), None)
    if index is None:
        with pytest.raises(EndpointNotFoundError):
            case.client.predict(99_999, ["x"])
        case.cannot("every endpoint has a name")
    assert case.client.predict(index, ["Ada"]).value == "Hello Ada"


@capability("an index that is not there")
def unknown_index(case: Case) -> None:
    with pytest.raises(EndpointNotFoundError):
        case.client.predict(99_999, ["x"])
    assert case.client.predict("/hello", ["Ada"]).value == "Hello Ada"


@capability("session state")
def state(case: Case) -> None:
    words = [case.client.predict("/remember", [word]).value for word in ("milk", "bread")]
    assert words == ["milk", "milk, bread"]
    with Client(case.server.url) as other:
        assert other.predict("/remember", ["tea"]).value == "tea"


@capability("outputs of 5 MB")
def big(case: Case) -> None:
    assert len(case.client.predict("/big", [5000]).value) == 5000 * 1024


@capability("what the request says reaches the app")
def request_facts(case: Case) -> None:
    case.needs("/whoami", "no gr.Request")
    with Client(case.server.url, headers={"X-Test": "1"}, query_params={"q": "2"}) as client:
        seen = client.predict("/whoami").value
    assert seen["headers"]["x-test"] == "1"
    assert seen["query_params"].get("q") == "2"


@capability("event data")
def event_data(case: Case) -> None:
    case.needs("/event_data", "no gr.EventData")
    seen = case.client.predict("/event_data", event_data={"a": 1}).value
    assert seen["data"] == {"a": 1}


@capability("unqueued endpoints")
def unqueued(case: Case) -> None:
    assert case.client.predict("/noqueue", ["x"]).value == "nq x"
    with pytest.raises(AppError, match="gr boom"):
        case.client.predict("/noqueue_fail", ["gr"])


@capability("unqueued generators")
def unqueued_generator(case: Case) -> None:
    steps = [event.data[0] for event in case.client.submit("/noqueue_stream", ["abc"])]
    if case.release >= (4, 0):
        assert steps == ["a"]
        case.cannot("it returns the first step only")
    assert steps == ["a", "ab", "abc", "abc"]
    assert case.client.predict("/noqueue_stream", ["xy"]).value == "xy"


@capability("batch endpoints")
def batches(case: Case) -> None:
    jobs = [case.client.submit("/batched", [word]) for word in ("one", "two", "three")]
    assert [job.result(20).value for job in jobs] == ["ONE", "TWO", "THREE"]
    pair = case.client.submit("/batched_pair", ["one", "two"])
    assert pair.result(20).value == ("one two", 3)
    assert case.client.predict("/hello", ["Ada"]).value == "Hello Ada"  # the queue has survived


# -- errors ----------------------------------------------------------------------------------------


@capability("gr.Error and other exceptions")
def errors(case: Case) -> None:
    with pytest.raises(AppError, match=r"^gr boom$"):
        case.client.predict("/fail", ["gr"])
    with pytest.raises(AppError, match="show_error"):
        case.client.predict("/fail", ["plain"])


@capability("an error late in a generator")
def late_error(case: Case) -> None:
    job = case.client.submit("/fail_gen", ["x"])
    if case.release < (3, 10):
        assert [event.data[0] for event in job] == ["x one", "x two", "x two"]
        case.cannot("it reports success, with the last step")
    seen = []
    with pytest.raises(AppError, match="late boom"):
        for event in job:
            seen.append(event.data[0])  # noqa: PERF401 - what was seen before the error counts
    assert seen == ["x one", "x two"]


@capability("a full queue", "full")
def full_queue(case: Case) -> None:
    running, _ = case.start_long(2)
    waiting = case.client.submit("/slow_gen", [0.1, unique()])
    eventually_so(lambda: waiting.status.position is not None or waiting.event_id)
    refused = [case.client.submit("/slow_gen", [0.1, unique()]) for _ in range(3)]
    for job in refused:
        with pytest.raises(QueueFullError, match="queue full"):
            job.result(10)
    assert running.result(20).value
    assert waiting.result(20).value


@capability("a server that is killed in mid-job", "killed")
def killed(case: Case) -> None:
    job, _ = case.start_long()
    name = unique()
    plain = case.client.submit("/slow", [LONG, name])
    eventually_so(lambda: case.journal(name))
    case.server.kill()
    for one in (job, plain):
        with pytest.raises(ConnectionLostError):
            one.result(5)
    assert case.client.with_options(timeout=1).reconnect() == "broken"
    case.server.start()
    assert case.client.reconnect() == "changed"
    assert case.client.predict("/hello", ["again"]).value == "Hello again"


# -- streams ---------------------------------------------------------------------------------------


@capability("generators of text, with deltas")
def text_stream(case: Case) -> None:
    events = list(case.client.submit("/stream", ["abcd"]))
    assert [event.data[0] for event in events] == ["a", "ab", "abc", "abcd", "abcd"]
    assert [event.delta[0] for event in events] == ["a", "b", "c", "d", ""]
    assert [event.final for event in events] == [False] * 4 + [True]


@capability("generators of lists and dicts that grow and shrink")
def structured_stream(case: Case) -> None:
    messages = [event.data[0] for event in case.client.submit("/chat", ["hi"])]
    asked = {"role": "user", "content": "hi"}
    assert messages[0] == [asked]
    assert [len(each) for each in messages] == [1, 2, 2, 4, 2, 0, 0]
    assert messages[4] == [asked, {"role": "assistant", "content": "Bye"}]
    nested = [event.data[0] for event in case.client.submit("/nested", ["x"])]
    assert nested == [[[1, 2, 3], [1, 2, 3], ["x"]], [[1], [1]], [[1], [1]]]
    dicts = [event.data[0] for event in case.client.submit("/stream_dict", ["ab"])]
    assert dicts[-1] == {"text": "AB", "done": [True]}


@capability("gr.Chatbot")
def chatbot(case: Case) -> None:
    histories = [event.data[0] for event in case.client.submit("/chatbot", ["hi"])]
    assert len(histories) == 6
    assert "Hello!" in str(histories[-1][-1])
    assert histories[-1] == histories[-2]


@capability("generators side by side")
def side_by_side(case: Case) -> None:
    words = [unique() for _ in range(3)]
    jobs = [case.client.submit("/par_gen", [0.5, word]) for word in words]
    for job, word in zip(jobs, words, strict=True):
        steps = [event.data[0] for event in job]
        assert steps == [f"{word} {number}" for number in (0, 1, 2, 3, 4, 4)]


@capability("gr.Progress")
def progress(case: Case) -> None:
    events = list(case.client.submit("/prog", [3], all_events=True))
    bars = [e.progress_data[0] for e in events if e.type == "status" and e.progress_data]
    if not bars:
        assert case.release < (3, 13)
        case.cannot("no gr.Progress")
    assert {bar.desc for bar in bars} <= {"start", "loop"}
    assert any(bar.length == 3 for bar in bars)


@capability("gr.Info and gr.Warning")
def logs(case: Case) -> None:
    result = case.client.predict("/logs", ["x"])
    if not result.logs:
        assert case.release < (3, 33)
        case.cannot("no gr.Info")
    told = [(log.level, log.log) for log in result.logs]
    assert told[:2] == [("info", "info x"), ("warning", "warn x")]


@capability("place in the queue", "full")
def place_in_queue(case: Case) -> None:
    running, _ = case.start_long(1)
    waiting = case.client.submit("/slow_gen", [0.1, unique()], all_events=True)
    events = [event for event in waiting if event.type == "status"]
    assert any(event.position == 0 and event.size == 1 for event in events)
    assert [events[-1].stage, running.result(20).endpoint] == ["complete", "/slow_gen"]


@capability("a job that is silent for longer than Timeout.read")
def silence(case: Case) -> None:
    patient = case.client.with_options(timeout=Timeout(read=1.5))
    assert patient.predict("/slow", [4, "quiet"]).value == "quiet done"


# -- cancelling ------------------------------------------------------------------------------------


@capability("cancel a running generator")
def cancel_running(case: Case) -> None:
    job, name = case.start_long(4)
    beside = case.client.submit("/stream", ["unharmed"])
    assert job.cancel() is True
    with pytest.raises(JobCancelledError):
        job.result()
    assert beside.result(20).value == "unharmed"
    if case.release < (3, 16):
        eventually_so(lambda: f"tick {name} 39" in case.journal(name))
        case.cannot("the job ends here at once, and runs to its end there")
    eventually_so(lambda: stands_still(case, name))
    assert f"tick {name} 39" not in case.journal(name)


def stands_still(case: Case, name: str) -> bool:
    """Tell whether a generator has stopped: it writes ten lines a second."""
    before = case.journal(name)
    time.sleep(0.5)
    return case.journal(name) == before


@capability("call the same function after cancelling it")
def after_cancelling(case: Case) -> None:
    job, _ = case.start_long(3)
    assert job.cancel() is True
    word = unique()
    steps = [event.data[0] for event in case.client.submit("/slow_gen", [0.3, word])]
    assert steps == [f"{word} {number}" for number in (0, 1, 2, 2)]


@capability("cancel a waiting job", "full")
def cancel_waiting(case: Case) -> None:
    running, _ = case.start_long(2)
    name = unique()
    waiting = case.client.submit("/slow_gen", [LONG, name])
    eventually_so(lambda: waiting.status.position is not None or waiting.event_id)
    assert waiting.cancel() is True
    with pytest.raises(JobCancelledError):
        waiting.result()
    assert running.result(20).value
    eventually_so(lambda: has_room(case))
    assert len(case.journal(name)) < 20  # never begun, or stopped when its turn came


def has_room(case: Case) -> bool:
    """Tell whether the queue takes a job: some releases notice late that one has left."""
    try:
        return bool(case.client.predict("/slow_gen", [0.1, unique()]).value)
    except QueueFullError:
        return False


@capability("cancel a plain function")
def cancel_plain(case: Case) -> None:
    name = unique()
    job = case.client.submit("/slow", [1, name])
    eventually_so(lambda: f"start {name}" in case.journal(name))
    assert job.cancel() is True
    assert job.outputs() == []
    eventually_so(lambda: f"done {name}" in case.journal(name))
    assert case.client.predict("/slow", [0, name]).value == f"{name} done"
    case.cannot("the job ends here at once, and runs to its end there")


@capability("the total deadline")
def deadline(case: Case) -> None:
    with pytest.raises(DeadlineExceededError):
        case.client.with_options(timeout=0.7).predict("/slow_gen", [3, unique()])
    word = unique()
    assert case.client.predict("/slow_gen", [0.2, word]).value == f"{word} 1"


# -- files -----------------------------------------------------------------------------------------


@capability("files, up and down")
def files(case: Case) -> None:
    content = bytes(range(256)) * 1000
    for name in ("with space.txt", "a#b%20c.txt", "größe 名前.txt", "no_extension"):
        result = case.client.predict("/file_io", [case.file(name, content)]).value
        assert isinstance(result, FileData)
        assert result.read() == b"GOT:" + content
    assert case.client.predict("/file_size", [b"12345"]).value == 5
    assert case.client.predict("/file_io", [None]).value is None


@capability("download: whole, named, open")
def download(case: Case) -> None:
    result = case.client.predict("/file_io", [case.file("story.txt", b"once")]).value
    path = result.download(case.folder / "down")
    assert path.read_bytes() == b"GOT:once"
    assert path.suffix == ".txt"
    assert result.orig_name
    with result.open() as file:
        assert file.read(4) == b"GOT:"
    assert result.download(case.folder / "down") != path


@capability("several files at once")
def several_files(case: Case) -> None:
    paths = [case.file(f"{number}.txt", str(number).encode()) for number in range(5)]
    results = case.client.predict("/files_io", [paths]).value
    assert [file.read() for file in results] == [b"0", b"1", b"2", b"3", b"4"]


@capability("pictures")
def pictures(case: Case) -> None:
    result = case.client.predict("/image_io", [case.file("dot.png", png())]).value
    assert isinstance(result, FileData)
    assert result.mime_type in (None, "image/png", "image/webp")
    assert result.read()[1:4] == b"PNG" or result.read()[8:12] == b"WEBP"
    path = result.download(case.folder)
    assert path.suffix in (".png", ".webp")


@capability("sound")
def sound(case: Case) -> None:
    heard = case.client.predict("/audio_io", [case.file("silence.wav", wav())]).value
    assert isinstance(heard, FileData)
    assert heard.read()[:4] in (b"RIFF", b"fLaC")
    assert heard.download(case.folder / "down").suffix in (".wav", ".flac")


@capability("video")
def video(case: Case) -> None:
    clip = handle_file(case.file("clip.mp4", b"film"))
    # In 4.x and 5.x the value is an object with the subtitles beside the film.
    given = {"video": clip} if (4, 0) <= case.release < (6, 0) else clip
    try:
        shown = case.client.predict("/video_io", [given]).value
    except AppError:
        if "ffprobe" not in case.server.output:
            raise
        case.cannot("it wants ffmpeg for a video, and there is none on the test machine")
    assert next(files_in(shown)).read() == b"film"


def files_in(value: Any) -> Iterator[FileData]:
    """Yield the files of a result, at any depth."""
    if isinstance(value, FileData):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from files_in(item)


@capability("a gallery comes back")
def gallery(case: Case) -> None:
    shown = case.client.predict("/gallery_out", [case.file("dot.png", png())]).value
    found = list(files_in(shown))
    assert len(found) == 3
    assert all(len(file.read()) > 20 for file in found)


@capability("an output as an input")
def output_as_input(case: Case) -> None:
    first = case.client.predict("/file_io", [b"x"]).value
    assert case.client.predict("/file_io", [first]).value.read() == b"GOT:GOT:x"
    picture = case.client.predict("/image_io", [case.file("dot.png", png())]).value
    again = case.client.predict("/image_io", [picture]).value
    assert len(again.read()) > 20


@capability("upload by hand")
def upload(case: Case) -> None:
    sent = case.client.upload_files(None, [b"by hand"])
    if not case.client.config.takes_uploads:
        assert sent.files is None
        with pytest.raises(UploadError, match="takes no uploads"):
            case.client.upload(FileData(str(case.file("x.txt", b"x"))))
        case.cannot("no /upload; files go into the call")
    assert sent.files is not None
    uploaded = case.client.upload(FileData(str(case.file("x.txt", b"by hand"))))
    assert uploaded.read() == b"by hand"
    assert case.client.predict("/file_size", [uploaded]).value == 7


@capability("functions of components")
def component_functions(case: Case) -> None:
    components = case.client.config.components.values()
    tree = next((c for c in components if c.type == "fileexplorer"), None)
    if tree is None or "ls" not in (tree.props.get("server_fns") or ()):
        with pytest.raises(InvalidArgumentError):
            case.client.component_server(99_999, "ls", [])
        case.cannot("no component with such a function")
    listed = case.client.component_server(tree.id, "ls", [])
    assert "a.txt" in str(listed)
