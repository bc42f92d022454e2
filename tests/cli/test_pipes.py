"""In a pipe: JSON on stdout, everything else on stderr, and the exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from servers.launch import Server

from cli.terminal import COMMAND, run


def test_one_json_value(demo_url: str, server: Server) -> None:
    done = run("predict", demo_url, "/greet", "name=Ada", "excited=yes")
    assert (done.returncode, json.loads(done.stdout)) == (0, "Hello, Ada!")
    assert done.stderr == "info    Ada is greeted with joy.\n"
    done = run("predict", server.url, "multi", "text=a=b", "n=2.5", "flag=0", "choice=b")
    assert (json.loads(done.stdout), done.stderr) == (["a=b|2.5|False|b", 5.0], "")
    done = run("predict", server.url, "/nothing", "_=1")
    assert done.stdout == "null\n"


def test_inputs_as_json(server: Server) -> None:
    done = run("predict", server.url, "/multi", "n=1", "--json", '{"text": "@x", "flag": false}')
    assert json.loads(done.stdout) == ["@x|1|False|a", 2]
    done = run("predict", server.url, "/multi", "--json", "-", stdin='["from stdin", 4]')
    assert json.loads(done.stdout) == ["from stdin|4|True|a", 8]
    done = run("predict", server.url, "/multi", "n=1", "--json", '{"n": 2}')
    assert done.returncode == 2
    assert "n is given twice" in done.stderr


@pytest.mark.slow
def test_values_keep_the_types_of_their_parameters(server: Server) -> None:
    done = run(
        "predict", server.url, "/defaults", "text=12", "number=1e3", "whole=3", "flag=on",
        "choice=r2", "several=y", 'loose={"k": [true]}',
    )  # fmt: skip
    assert json.loads(done.stdout) == ["12", 1000.0, 3, True, "r2", ["y"], {"k": [True]}]


@pytest.mark.slow
def test_texts_that_begin_with_an_at(server: Server, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("Grüße\naus der Datei", encoding="utf-8")
    done = run("predict", server.url, "/hello", "name=@words.txt", cwd=tmp_path)
    assert json.loads(done.stdout) == "Hello Grüße\naus der Datei"
    done = run("predict", server.url, "/hello", "name=@@ada", cwd=tmp_path)
    assert json.loads(done.stdout) == "Hello @ada"
    done = run("predict", server.url, "/hello", "name=@ada", cwd=tmp_path)
    assert done.returncode == 2
    assert "@@ada" in done.stderr


def test_files_up_and_down(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    (tmp_path / "b.txt").write_text("two")
    done = run("predict", server.url, "/file_io", "file=@a.txt", "--out", "here", cwd=tmp_path)
    path = tmp_path / json.loads(done.stdout)
    assert path.parent == tmp_path / "here"
    assert path.read_text() == "GOT:one"
    done = run("predict", server.url, "/files_io", "files=@a.txt", "files=@b.txt", cwd=tmp_path)
    files = json.loads(done.stdout)
    assert [file["orig_name"] for file in files] == ["a.txt", "b.txt"]
    done = run(
        "download", server.url, files[1]["url"], files[0]["path"], "--out", "there", cwd=tmp_path
    )
    assert [(tmp_path / line).read_text() for line in done.stdout.splitlines()] == ["two", "one"]


@pytest.mark.slow
def test_uploaded_files_can_stand_in_a_call(server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    (sent,) = json.loads(run("upload", server.url, "a.txt", cwd=tmp_path).stdout)
    done = run("predict", server.url, "/file_size", f"file={json.dumps(sent)}")
    assert json.loads(done.stdout) == 3


def test_a_file_of_an_old_app(ws_server: Server, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one")
    done = run("predict", ws_server.url, "/file_io", "in_file=@a.txt", "--out", ".", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / json.loads(done.stdout)).read_text() == "GOT:one"


def test_progress_goes_to_stderr(demo_url: str) -> None:
    done = run("predict", demo_url, "/train", "steps=4")
    assert json.loads(done.stdout) == "4 steps done"
    assert "training: 2/4 steps" in done.stderr.splitlines()


def test_a_stream_is_the_text_itself(demo_url: str, server: Server, ws_server: Server) -> None:
    done = run("stream", demo_url, "/tell", "words=5")
    assert (done.returncode, done.stdout) == (0, "Once there was a program\n")
    done = run("stream", ws_server.url, "/stream", "text=abc")
    assert done.stdout == "abc\n"
    # A text that is replaced begins a line.
    done = run("stream", server.url, "/slow_gen", "seconds=0.3", "name=x")
    assert done.stdout.splitlines() == ["x 0", "x 1", "x 2"]


def test_events_are_lines_of_json(demo_url: str) -> None:
    done = run("stream", demo_url, "/tell", "words=2", "--events")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [e["delta"] for e in events if e["type"] == "data"] == [["Once"], [" there"], [""]]
    assert events[-1]["stage"] == "complete"
    assert "eta" not in events[0]  # what is unknown is left out


EXITS: list[tuple[tuple[str, ...], int, str]] = [
    (("predict", "APP", "/fail", "kind=titled"), 1, "Error: Custom title: titled boom"),
    (("predict", "APP", "/nope"), 2, "no endpoint"),
    (("predict", "APP", "/multi", "n=x"), 2, "n takes a number, not 'x'"),
    (("predict", "APP", "/multi", "--header", "secret"), 2, "--header takes"),
    (("view", "http://127.0.0.1:9"), 3, "Could not connect"),
]
MORE_EXITS: list[tuple[tuple[str, ...], int, str]] = [
    (("predict", "APP", "/fail", "kind=gr"), 1, "Error: gr boom"),
    (("predict", "APP", "/hello", "x"), 2, "'x' is not name=value"),
    (("predict", "APP", "/hello", "name=a", "name=b"), 2, "name is given twice"),
    (("predict", "APP", "/hello", "--json", "{"), 2, "--json is no JSON"),
    (("predict", "APP", "/hello", "--json", "3"), 2, "an object by name, or a list"),
    (("predict", "APP", "/hello", "--json", "[1, 2]"), 2, "2 values; 1 are taken"),
    (("predict", "APP", "/multi", "n=nan"), 2, "n takes a number, not 'nan'"),
    (("predict", "APP", "/multi", "n=@x"), 2, "n takes NUMBER, not a file"),
    (("predict", "APP", "/multi", "flag=perhaps"), 2, "flag takes true or false"),
    (("predict", "APP", "/multi", "choice=z"), 2, "It takes a, b."),
    (("predict", "APP", "/file_io", "file=@none"), 2, "There is no file 'none'"),
    (("predict", "APP", "/multi", "--timeout", "0"), 2, "more than 0 seconds"),
    (("predict", "APP", "/slow", "seconds=5", "--timeout", "1.5"), 3, "1.5"),
    (("view", "not an address"), 2, "is not the address of an app"),
    (("download", "APP", "/nowhere", "--out", "OUT"), 1, "answered"),
    (("status", "APP"), 2, "is no Space"),
    (("duplicate", "APP"), 2, "is no Space"),
    (("completion", "tcsh"), 2, "tcsh"),
]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [*EXITS, *(pytest.param(*case, marks=pytest.mark.slow) for case in MORE_EXITS)],
)
def test_exit_codes(
    words: tuple[str, ...], code: int, says: str, server: Server, tmp_path: Path
) -> None:
    done = run(*(server.url if word == "APP" else word for word in words), cwd=tmp_path)
    assert says in " ".join(done.stderr.split())
    assert (done.returncode, done.stdout) == (code, "")
    assert "secret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_whoever_reads_may_leave(demo_url: str) -> None:
    process = subprocess.Popen(
        [COMMAND, "stream", demo_url, "/count", "seconds=20"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(30) == 1
    assert process.stderr.read() == b""
    process.stderr.close()


def test_it_helps_without_any_package() -> None:
    """No HTTP library, no click, no rich: that is what makes it quick."""
    code = (
        "import sys; from gradwire.cli.main import main; main(['--help']); "
        "print(sorted({'aiohttp', 'asyncio', 'click', 'msgspec', 'rich'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.endswith("[]\n")


def test_help_comes_at_once() -> None:
    def best(*command: str) -> float:
        took = []
        for _ in range(7):
            began = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            took.append(time.perf_counter() - began)
        return min(took)

    assert best(COMMAND, "--help") - best(sys.executable, "-c", "pass") < 0.15


def test_help_of_a_command_loads_no_http_library() -> None:
    code = (
        "import sys; from gradwire.cli.main import main; main(['predict', '--help']); "
        "print(sorted({'aiohttp', 'asyncio', 'msgspec', 'rich'} & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.endswith("[]\n")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    done = run("completion", shell)
    assert "_GRADWIRE_COMPLETE" in done.stdout


def completions(*words: str, auth: str = "") -> list[str]:
    """Return what bash offers for the last word."""
    done = run(
        env={
            "_GRADWIRE_COMPLETE": "bash_complete",
            "COMP_WORDS": " ".join(["gradwire", *words]),
            "COMP_CWORD": str(len(words)),
            "GRADWIRE_AUTH": auth,
        }
    )
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_completion(demo_url: str) -> None:
    assert completions("st") == ["stream", "status"]
    assert completions("predict", demo_url, "/co") == ["/count", "/counted"]
    assert completions("predict", demo_url, "gr") == ["/greet"]
    assert completions("view", demo_url, "/t") == ["/tell", "/train"]
    assert completions("predict", "http://127.0.0.1:9", "/") == []
    assert "--out" in completions("predict", demo_url, "/greet", "--o")


@pytest.mark.slow
def test_completion_behind_a_login(auth_server: Server) -> None:
    assert completions("predict", auth_server.url, "/mul") == []
    assert completions("predict", auth_server.url, "/mul", auth="ada:pw")[:1] == ["/multi"]


@pytest.mark.slow
def test_the_log_is_shown_on_demand(demo_url: str) -> None:
    done = run("predict", demo_url, "/greet", "--verbose")
    assert "DEBUG" in done.stderr
    assert json.loads(done.stdout) == "Hello, world."


@pytest.mark.slow
def test_headers_are_sent(server: Server) -> None:
    done = run("predict", server.url, "/whoami", "--header", "X-Test: blue")
    assert json.loads(done.stdout)["headers"]["x-test"] == "blue"


@pytest.mark.slow
def test_the_module_runs_too(demo_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gradwire", "predict", demo_url, "/counted", "name=nobody"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "0\n")


@pytest.mark.slow
def test_a_download_that_is_ended_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(300_000_000)
    (sent,) = json.loads(run("upload", server.url, "large.bin", cwd=tmp_path).stdout)
    folder = tmp_path / "here"
    words = ["download", server.url, json.dumps(sent), "--out", str(folder)]
    with subprocess.Popen([COMMAND, *words], stderr=subprocess.PIPE, text=True) as process:
        end = time.monotonic() + 30
        while not (folder.exists() and list(folder.iterdir())):
            assert time.monotonic() < end
        server.pause()
        try:
            assert [path.suffix for path in folder.iterdir()] == [".part"]
            process.terminate()
            _, told = process.communicate(timeout=30)
        finally:
            server.resume()
    assert (process.returncode, told) == (143, "\nInterrupted.\n")
    assert list(folder.iterdir()) == []
