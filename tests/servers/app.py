"""One Gradio app with an endpoint for everything that a client must cope with.

    python app.py PORT MODE

It runs unchanged on every Gradio from 3.9 to 6.31. What a version does not have is left out (see
`accepted` and the `hasattr` questions below), so ask the server's own API information.

Modes:
    plain      the app, open to all
    auth       the same behind a login, ada / pw
    mount      mounted under /sub of a FastAPI application
    mountauth  both
    full       a queue that holds one waiting event
    small      takes no file of more than 1,000 bytes (Gradio 4.28)
    pages      a second page at /second, which needs multi-page apps (Gradio 5.20)
    rows       endpoints that run so many calls at once as their names say (Gradio 4.0)
    four       the same, with a queue that holds four waiting events
"""

import inspect
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"

import gradio as gr

VERSION = tuple(int(part) for part in gr.__version__.strip().split(".")[:2])
MODES = ("plain", "auth", "mount", "mountauth", "full", "small", "pages", "rows", "four")
LOGIN = ("ada", "pw")
AUTH_MESSAGE = "Ask Ada for the password"

#: What happened on this server, in order; the endpoint /journal returns it.
JOURNAL: list[str] = []


def accepted(function, **options):
    """Return those options that this version's function takes."""
    return {key: options[key] for key in options if key in inspect.signature(function).parameters}


def named(function, names, value):
    """Return one option under the first of its names that this version's function takes."""
    return next(({name: value} for name in names if accepted(function, **{name: value})), {})


def undocumented(function):
    """Return the option that keeps an endpoint callable but out of the API information."""
    return accepted(function, api_visibility="undocumented") or accepted(function, show_api=False)


def path_of(value):
    """Return the path of a file input: before 4.0 its function gets an open temporary file."""
    return value if value is None or isinstance(value, str) else value.name


# --- values -----------------------------------------------------------------------------------


def hello(name):
    return f"Hello {name}"


def multi(text="dflt", n=3, flag=True, choice="a"):
    return f"{text}|{n}|{flag}|{choice}", float(n) * 2


def defaults(text, number, whole, flag, choice, several, loose):
    return [text, number, whole, flag, choice, several, loose]


def begrüße(name):
    return f"Grüße, {name} 👋"


def big(kilobytes):
    return "x" * (1024 * int(kilobytes))


def big_list(kilobytes):
    return ["x" * 1024 for _ in range(int(kilobytes))]


def batched(texts):
    return [[text.upper() for text in texts]]


def batched_pair(texts, others):
    pairs = zip(texts, others, strict=True)
    return [f"{one} {other}" for one, other in pairs], [len(text) for text in texts]


def whoami(request):
    headers = plain(request.headers)
    return {
        "session_hash": getattr(request, "session_hash", None),
        "username": getattr(request, "username", None),
        "headers": {name: headers.get(name) for name in ("x-test", "authorization", "x-ip-token")},
        "user_agent": headers.get("user-agent"),
        "traceparent": headers.get("traceparent"),
        "cookies": sorted(plain(getattr(request, "cookies", {}))),
        "query_params": plain(request.query_params),
    }


def plain(values):
    """Return headers or parameters as a dict; before 3.50 they are objects with attributes."""
    try:
        return dict(values)
    except TypeError:
        return {name.replace("_", "-"): value for name, value in vars(values).items()}


if hasattr(gr, "Request"):
    whoami.__annotations__["request"] = gr.Request


def count(number):
    number = (number or 0) + 1
    return number, number


def remember(text, items):
    items = [*(items or []), text]
    return ", ".join(items), items


def read_event(event):
    return {"data": event._data, "target": getattr(event.target, "_id", None)}


def read_selection(text, event):
    return {"text": text, "index": event.index, "value": event.value, "selected": event.selected}


if hasattr(gr, "SelectData"):
    read_event.__annotations__["event"] = gr.EventData
    read_selection.__annotations__["event"] = gr.SelectData


# --- streams ----------------------------------------------------------------------------------


def stream(text, delay=0.02):
    shown = ""
    for letter in text:
        shown += letter
        time.sleep(delay)
        yield shown


def stream_list(text, delay=0.02):
    for end in range(1, len(text) + 1):
        yield list(text[:end])
        time.sleep(delay)
    yield list(text.upper())
    time.sleep(delay)
    yield list(text.upper()[:1])


def stream_dict(text, delay=0.02):
    for end in range(1, len(text) + 1):
        yield {"text": text[:end], "size": end, "seen": dict.fromkeys(text[:end], True)}
        time.sleep(delay)
    yield {"text": text.upper(), "done": [True]}


def chat(text):
    """Messages that grow, are edited, get another key, and go away again."""
    asked = {"role": "user", "content": text}
    yield [asked]
    for reply in ("He", "Hello"):
        time.sleep(0.03)
        yield [asked, {"role": "assistant", "content": reply}]
    time.sleep(0.03)
    noted = {"role": "assistant", "content": "Hello", "meta": {"t": 1}}
    yield [asked, noted, {"role": "x", "content": "1"}, {"role": "y", "content": "2"}]
    time.sleep(0.03)
    yield [asked, {"role": "assistant", "content": "Bye"}]
    time.sleep(0.03)
    yield []


def nested(text):
    """Lists in a list, which all get shorter at once."""
    yield [[1, 2, 3], [1, 2, 3], [text]]
    time.sleep(0.03)
    yield [[1], [1]]


def chatbot(text):
    """A reply that grows, then one more exchange, which is taken away again."""
    for reply, extra in (("H", 0), ("Hel", 0), ("Hello", 0), ("Hello", 1), ("Hello!", 0)):
        yield history([(text, reply)] + [("x", "y")] * extra)
        time.sleep(0.03)


def history(exchanges):
    """Write a conversation as this version's gr.Chatbot wants it."""
    if VERSION < (5, 0):
        return [list(exchange) for exchange in exchanges]
    roles = ("user", "assistant")
    return [
        {"role": role, "content": content}
        for exchange in exchanges
        for role, content in zip(roles, exchange, strict=True)
    ]


def tokens(n):
    """Grow a text by one word per step, as fast as the server can send it."""
    text = ""
    for number in range(int(n)):
        text += f"{number} "
        yield text


PROGRESS = gr.Progress() if hasattr(gr, "Progress") else None


def progress_bar(n, progress=PROGRESS):
    if progress is None:
        return f"done {int(n)}"
    progress(0, desc="start")
    for _ in progress.tqdm(range(int(n)), desc="loop", unit="steps"):
        time.sleep(0.25)
    return f"done {int(n)}"


def logs(text):
    if hasattr(gr, "Info"):
        gr.Info("info " + text)
        gr.Warning("warn " + text)
    if hasattr(gr, "Success"):
        gr.Success("success " + text)
    time.sleep(0.1)
    return "logged"


def chunk_in(chunk, chunks):
    chunks = [*(chunks or []), chunk]
    return f"{len(chunks)}: {chunk}", chunks


def frame_in(frame, frames):
    frames = (frames or 0) + 1
    return f"{frames}: {frame and Path(frame).stat().st_size}", frames


# --- time -------------------------------------------------------------------------------------


def slow(seconds, name="slow"):
    """A plain function, which nothing can stop."""
    JOURNAL.append(f"start {name}")
    time.sleep(float(seconds))
    JOURNAL.append(f"done {name}")
    return f"{name} done"


def slow_gen(seconds, name="slow_gen"):
    """Ten steps a second; the journal tells how far it came and that it was closed."""
    JOURNAL.append(f"start {name}")
    try:
        for number in range(int(float(seconds) * 10)):
            time.sleep(0.1)
            JOURNAL.append(f"tick {name} {number}")
            yield f"{name} {number}"
    finally:
        JOURNAL.append(f"closed {name}")


def par_gen(seconds, name="par_gen"):
    yield from slow_gen(seconds, name)


def journal():
    return list(JOURNAL)


# --- failures ---------------------------------------------------------------------------------


def fail(kind):
    raise failures().get(kind) or ValueError("plain boom")


def failures():
    """Return the kinds of gr.Error by name; every other name is a plain ValueError."""
    quota = (
        "You have exceeded your GPU quota (60s requested vs. 10s left). Try again in 1:02:03",
        {"title": "ZeroGPU quota exceeded"},
    )
    kinds = {
        "gr": ("gr boom", {}),
        "titled": ("titled boom", {"title": "Custom title", "duration": 3, "visible": False}),
        "markup": ("<b>bold</b> \x1b[31mred\x1b[0m", {}),
        "quota": quota,
    }
    return {
        kind: gr.Error(text, **accepted(gr.Error, **more)) for kind, (text, more) in kinds.items()
    }


def fail_gen(text):
    yield text + " one"
    time.sleep(0.03)
    yield text + " two"
    time.sleep(0.03)
    raise gr.Error("late boom")


# --- files ------------------------------------------------------------------------------------


def same(value):
    return value


def file_io(file):
    path = path_of(file)
    if path is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="gradio-app-"))
    out = folder / ("got-" + Path(path).name)
    with open(path, "rb") as source, open(out, "wb") as target:
        target.write(b"GOT:")
        while block := source.read(1 << 20):
            target.write(block)
    return str(out)


def file_size(file):
    return Path(path_of(file)).stat().st_size


def files_io(files):
    return [path_of(file) for file in files or []]


def raw_file(value):
    """Return the file's description as it arrived (the event has preprocess=False)."""
    plain = value if isinstance(value, dict) else value.model_dump() if value else {}
    keys = ("orig_name", "size", "mime_type", "is_stream", "meta", "url")
    return {
        "basename": os.path.basename(plain.get("path") or ""),
        **{k: plain.get(k) for k in keys},
    }


def echo_name(file):
    return os.path.basename(path_of(file))


def pictures(path):
    """Return a picture three times: as it is, with a caption, and as it is again."""
    return [path, (path, "caption"), path]


def gallery_io(items):
    """Return each picture with its caption; 4.10 to 4.21 hand over a model, later ones pairs."""
    pairs = (
        [(item.image.path, item.caption) for item in items.root]
        if hasattr(items, "root")
        else items
    )
    return [(path, caption) if caption else path for path, caption in pairs or []]


def multimodal(message):
    return message["text"], [os.path.basename(path) for path in message["files"]]


# --- values that Python libraries hold ---------------------------------------------------------


def about_array(array):
    """Tell of a picture's pixels, or of a sound's rate and samples."""
    rate, array = array if isinstance(array, tuple) else (None, array)
    return {
        "rate": rate,
        "shape": list(array.shape),
        "dtype": str(array.dtype),
        "ends": [int(array.min()), int(array.max())],
        "first": array.reshape(-1)[:8].tolist(),
    }


def about_table(frame):
    return {
        "headers": [str(name) for name in frame.columns],
        "kinds": [str(kind) for kind in frame.dtypes],
        "rows": frame.astype(object).where(frame.notna(), None).values.tolist(),
    }


def about_moment(moment):
    return str(moment)


# --- the page ---------------------------------------------------------------------------------


def endpoint(api_name, function, inputs=None, outputs=None, **options):
    """Add a button whose click is the endpoint `api_name`."""
    return gr.Button(api_name or "no name").click(
        function, inputs, outputs, api_name=api_name, **options
    )


def text(label="text", value=None, **options):
    return gr.Textbox(label=label, value=value, **options)


def number(label, value=None):
    return gr.Number(label=label, value=value)


def build_values():
    endpoint("hello", hello, text("name"), text("greeting"))
    endpoint(
        "multi",
        multi,
        [
            text("text", "dflt"),
            number("n", 3),
            gr.Checkbox(label="flag", value=True),
            gr.Dropdown(["a", "b"], label="choice", value="a"),
        ],
        [text("joined"), number("double")],
    )
    endpoint(
        "defaults",
        defaults,
        [
            text("text", "dflt"),
            number("number", 1.5),
            gr.Slider(0, 10, value=5, step=1, label="whole"),
            gr.Checkbox(label="flag"),
            gr.Radio(["r1", "r2"], label="choice", value="r1"),
            gr.CheckboxGroup(["x", "y", "z"], label="several", value=["x", "z"]),
            gr.JSON(label="loose", value={"a": [1, None]}),
        ],
        gr.JSON(label="all"),
    )
    endpoint("begrüße", begrüße, text("Größe 名前"), text("Grüße"))
    endpoint("big", big, number("kilobytes", 1), text("big out"))
    endpoint("big_list", big_list, number("kilobytes", 1), gr.JSON(label="big list"))
    batch = {"batch": True, "max_batch_size": 4}
    pairs = [text("a"), text("b")], [text("both"), number("length")]
    endpoint("batched_pair", batched_pair, *pairs, **batch)
    if VERSION >= (6, 0):  # older ones let no batch go around the queue
        endpoint("noqueue_batch", batched_pair, *pairs, queue=False, **batch)
    endpoint("batched", batched, text("lower"), text("upper"), **batch)
    if hasattr(gr, "Request"):
        endpoint("whoami", whoami, None, gr.JSON(label="who"))
    endpoint("nothing", lambda _: None, text("ignored"), None)
    endpoint("none_out", lambda _: None, text("ignored"), text("always none"))
    hidden = undocumented(gr.Button().click)
    if hidden:
        endpoint("hidden", hello, text("name"), text("greeting"), **hidden)
    if VERSION < (4, 0):
        endpoint(None, hello, text("name"), text("greeting"))
    elif VERSION >= (6, 0):
        endpoint("private", hello, text("name"), text("greeting"), api_visibility="private")
    else:
        endpoint(False, hello, text("name"), text("greeting"))
    endpoint("noqueue", lambda value: f"nq {value}", text("nq in"), text("nq out"), queue=False)
    delay = number("nq delay", 0.02)
    growing = [text("nq text"), delay], text("nq growing")
    endpoint("noqueue_stream", stream, *growing, queue=False)
    endpoint("noqueue_fail", fail, text("kind"), text("nq fail out"), queue=False)
    if hasattr(gr, "validate"):
        endpoint("valid", hello, text("checked"), text("greeting"), validator=check)


def check(value):
    return gr.validate(value != "bad", "value must not be bad")


def build_state():
    number_state, list_state = gr.State(0), gr.State([])
    endpoint("count", count, number_state, [number("count"), number_state])
    endpoint("remember", remember, [text("item"), list_state], [text("items"), list_state])
    if hasattr(gr, "SelectData"):
        endpoint("event_data", read_event, None, gr.JSON(label="event"))
        chosen = text("select me", "some text")
        chosen.select(read_selection, chosen, gr.JSON(label="selection"), api_name="select_data")


def build_streams():
    delay = number("delay", 0.02)
    endpoint("stream", stream, [text("text"), delay], text("growing"))
    endpoint("stream_list", stream_list, [text("text"), delay], gr.JSON(label="list"))
    endpoint("stream_dict", stream_dict, [text("text"), delay], gr.JSON(label="dict"))
    endpoint("chat", chat, text("chat in"), gr.JSON(label="chat"))
    endpoint("nested", nested, text("nested in"), gr.JSON(label="nested"))
    messages = accepted(gr.Chatbot, type="messages") if VERSION >= (5, 0) else {}
    endpoint("chatbot", chatbot, text("chatbot in"), gr.Chatbot(label="bot", **messages))
    endpoint("tokens", tokens, number("n", 10), text("tokens"))
    endpoint("prog", progress_bar, number("steps", 3), text("prog out"))
    endpoint("logs", logs, text("log in"), text("log out"))
    endpoint("fail", fail, text("kind"), text("fail out"))
    endpoint("fail_gen", fail_gen, text("fail_gen in"), text("fail_gen out"))


def build_time():
    inputs = [number("seconds", 3), text("name", "run")]
    running = [
        endpoint("slow", slow, inputs, text("slow out")),
        endpoint("slow_gen", slow_gen, inputs, text("slow_gen out")),
        endpoint(
            "par_gen",
            par_gen,
            inputs,
            text("par_gen out"),
            **accepted(gr.Button().click, concurrency_limit=8),
        ),
    ]
    endpoint("stop", None, None, None, cancels=running)
    # Gradio 5.49 answers an unqueued call with the text "root=[...]" if gr.JSON may postprocess.
    lines = gr.JSON(label="journal")
    endpoint("journal", journal, None, lines, queue=False, postprocess=False)


def build_files():
    endpoint("file_io", file_io, gr.File(label="in file"), gr.File(label="out file"))
    endpoint("file_size", file_size, gr.File(label="in file"), number("bytes"))
    endpoint("echo_name", echo_name, gr.File(label="named"), text("seen as"))
    if VERSION >= (4, 0):
        raw = gr.File(label="raw")
        endpoint("raw_file", raw_file, raw, gr.JSON(label="as sent"), preprocess=False)
    several = [gr.File(label=label, file_count="multiple") for label in ("in files", "out files")]
    endpoint("files_io", files_io, *several)
    endpoint("image_io", same, gr.Image(label="in", type="filepath"), gr.Image(label="out"))
    seen = gr.Image(label="seen", type="filepath")
    endpoint("gallery_out", pictures, seen, gr.Gallery(label="pictures"))
    sounds = [gr.Audio(label=label, type="filepath") for label in ("in", "out")]
    endpoint("audio_io", same, *sounds)
    # With no format and no webcam a video goes through as it is, without ffmpeg.
    films = [
        gr.Video(label=label, **accepted(gr.Video, sources=["upload"])) for label in ("in", "out")
    ]
    endpoint("video_io", same, *films)
    if VERSION >= (4, 0):
        galleries = [gr.Gallery(label=x, **accepted(gr.Gallery, type="filepath")) for x in "io"]
        endpoint("gallery_io", gallery_io, *galleries)
    if hasattr(gr, "ImageEditor"):
        editors = [gr.ImageEditor(label=label, type="filepath") for label in ("in", "out")]
        endpoint("editor_io", same, *editors)
    if hasattr(gr, "MultimodalTextbox"):
        message = gr.MultimodalTextbox(
            label="message", **accepted(gr.MultimodalTextbox, file_count="multiple")
        )
        endpoint("multimodal", multimodal, message, [text("said"), gr.JSON(label="names")])


def build_library_values():
    headers = {"headers": ["name", "n"]}
    tables = [gr.Dataframe(label=label, **headers) for label in ("table", "table out", "told")]
    endpoint("table_io", same, *tables[:2])
    endpoint("about_table", about_table, tables[2], gr.JSON(label="about table"))
    endpoint("about_image", about_array, gr.Image(label="pixels"), gr.JSON(label="about pixels"))
    endpoint("about_audio", about_array, gr.Audio(label="sound"), gr.JSON(label="about sound"))
    if hasattr(gr, "DateTime"):
        for name, time in (("about_moment", True), ("about_day", False)):
            moment = gr.DateTime(label=name, type="datetime", include_time=time)
            endpoint(name, about_moment, moment, text("moment"))


def build_server_functions():
    """Components with functions that their own front end calls: see component_server."""
    tree = Path(tempfile.mkdtemp(prefix="gradio-app-")) / "tree"
    (tree / "sub").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "sub/c.txt"):
        (tree / name).write_text(name)
    root = str(tree)
    if hasattr(gr, "FileExplorer"):
        gr.FileExplorer(label="tree", **named(gr.FileExplorer, ("root_dir", "root"), root))
    functions = accepted(gr.HTML, server_functions=[shout, boom])
    if functions:
        gr.HTML("<b>html</b>", elem_id="server-functions", **functions)


def shout(word):
    return {"loud": str(word).upper()}


def boom(word):
    raise ValueError(f"boom {word}")


def build_inputs_that_stream():
    """Streaming input events, which stay open while chunks arrive; Gradio 5 brought them."""
    with gr.Row():
        camera = gr.Image(label="camera", sources=["webcam"], streaming=True, type="filepath")
        chunk, chunks, frames = text("chunk"), gr.State([]), gr.State(0)
        seen, seen_frames = text("chunks seen"), text("frames seen")
    limits = {"time_limit": 20, "stream_every": 0.1}
    camera.stream(chunk_in, [chunk, chunks], [seen, chunks], api_name="stream_in", **limits)
    camera.stream(frame_in, [camera, frames], [seen_frames, frames], api_name="frame_in", **limits)


def build_render():
    """A gr.render: submitting the names makes a text box and a button for each of them."""
    names = text("names", elem_id="render-names")

    @gr.render(inputs=names, triggers=[names.submit])
    def rows(names):
        for name in (names or "").split():
            box, answer = text(f"{name} in"), text(f"{name} out")
            gr.Button(name).click(
                lambda value, name=name: f"{name} got {value}", box, answer, api_name=f"row_{name}"
            )


def build():
    """Put the whole app together."""
    options = accepted(gr.Blocks, analytics_enabled=False)
    with gr.Blocks(title="endpoints", **options) as demo:
        build_values()
        build_state()
        build_streams()
        build_time()
        build_files()
        build_library_values()
        build_server_functions()
        if VERSION >= (5, 0):
            build_inputs_that_stream()
        if hasattr(gr, "render"):
            build_render()
        if hasattr(demo, "unload"):
            demo.unload(lambda: JOURNAL.append("unload"))
    return demo


WORKING, MOST = set(), {}


def work(name, seconds, limit):
    """Take a while; the journal gets the most calls that ran at once."""
    key = object()
    WORKING.add(key)
    MOST[limit] = max(MOST.get(limit, 0), len(WORKING))
    JOURNAL.append(name)
    try:
        time.sleep(float(seconds))
    finally:
        WORKING.discard(key)
    if name.startswith("bad"):
        raise gr.Error(f"{name} is bad")
    return name.upper()


def build_rows():
    """An app for many rows."""
    options = accepted(gr.Blocks, analytics_enabled=False)
    with gr.Blocks(title="rows", **options) as demo:
        for limit in (1, 4, 16):
            endpoint(
                f"work_{limit}",
                lambda name, seconds=0.02, limit=limit: work(name, seconds, limit),
                [text("name"), number("seconds", 0.02)],
                text("done"),
                concurrency_limit=limit,
            )
        picture = gr.File(label="file")
        endpoint("size", lambda file: str(os.path.getsize(file)), picture, text("bytes"))
        lines = gr.JSON(label="journal")
        endpoint("journal", journal, None, lines, queue=False, postprocess=False)
        direct = [text("name"), text("direct")]
        endpoint("direct", lambda name: name.upper(), *direct, queue=False)
    return demo


def add_page(demo):
    """Give the app a second page."""
    if not hasattr(demo, "route"):
        sys.exit(f"gradio {gr.__version__} has no multi-page apps")
    with demo.route("Second", "/second"):
        endpoint("second_hello", lambda name: f"Second hello {name}", text("name"), text("out"))


def serve_mounted(demo, port, login):
    """Serve the app under /sub of another application."""
    import uvicorn
    from fastapi import FastAPI

    outer = FastAPI()
    outer.add_api_route("/", lambda: {"main": True})
    options = accepted(gr.mount_gradio_app, ssr_mode=False)
    if login:
        options |= accepted(gr.mount_gradio_app, auth=LOGIN, auth_message=AUTH_MESSAGE)
        if "auth" not in options:
            demo.auth, demo.auth_message = [LOGIN], AUTH_MESSAGE
    app = gr.mount_gradio_app(outer, demo, path="/sub", **options)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
    os._exit(0)


def queue_options(demo, mode):
    """Before 4.0 there is one number of workers for all functions; full wants one."""
    sizes = {"full": 1, "four": 4}
    options = {"max_size": sizes[mode]} if mode in sizes else {}
    if VERSION < (4, 0):
        options["concurrency_count"] = 1 if mode == "full" else 8
    return options


def serve(port, mode):
    """Serve the app: mounted, until the end of the process; else beside the caller."""
    demo = build_rows() if mode in ("rows", "four") else build()
    if mode == "pages":
        add_page(demo)
    demo.queue(**queue_options(demo, mode))
    if mode.startswith("mount"):
        return serve_mounted(demo, port, login=mode == "mountauth")
    login = {"auth": LOGIN, "auth_message": AUTH_MESSAGE} if mode == "auth" else {}
    options = accepted(demo.launch, ssr_mode=False, quiet=True)
    if mode == "small":
        options |= {"max_file_size": 1000}
    options["prevent_thread_lock"] = True
    return demo.launch(server_name="127.0.0.1", server_port=port, **login, **options)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[2] not in MODES:
        sys.exit(f"usage: app.py PORT {'|'.join(MODES)}")
    serve(int(sys.argv[1]), sys.argv[2])
    threading.Event().wait()
