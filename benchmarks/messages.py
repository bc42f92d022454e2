"""The messages of a session stream, encoded once where they can be.

Each is one server-sent event in one HTTP chunk, as Gradio 6.31 sends them.
"""

import json
from collections.abc import Callable, Sequence
from functools import cache

# 64 pieces of one width, so that a token's message can be encoded ahead of its use.
TOKENS = [f" word{i:02d}" for i in range(64)]
BLOCK = 256

END = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """`data` as one chunk of a chunked response."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(message: bytes) -> bytes:
    """A JSON message as one server-sent event in one chunk."""
    return chunk(b"data: %b\n\n" % message)


HEARTBEAT = event(b'{"msg":"heartbeat","event_id":null}')
CLOSE_STREAM = event(b'{"msg":"close_stream","event_id":null}')

_ESTIMATION = b'{"msg":"estimation","event_id":"%b","rank":0,"queue_size":1,"rank_eta":0.0012}'
_STARTS = b'{"msg":"process_starts","event_id":"%b","eta":0.0012}'
_OUTPUT = (
    b'{"msg":"%b","event_id":"%b","output":{"data":[%b],"is_generating":%b,'
    b'"duration":0.0022306442260742188,"average_duration":0.0022306442260742188,'
    b'"render_config":null,"changed_state_ids":[],"used_cache":null},"success":true,'
)
_GENERATING_TAIL = b'"time_limit":null}'
_COMPLETED_TAIL = (
    b'"title":null,"used_cache":null,"cache_duration":0.0022306442260742188,'
    b'"avg_time":0.0022306442260742188}'
)


def started(event_id: bytes) -> bytes:
    """The two messages before a function's own."""
    return event(_ESTIMATION % event_id) + event(_STARTS % event_id)


def generating(event_id: bytes, output: bytes) -> bytes:
    """One step of a generator; `output` is JSON."""
    head = _OUTPUT % (b"process_generating", event_id, output, b"true")
    return event(head + _GENERATING_TAIL)


def completed(event_id: bytes, output: bytes) -> bytes:
    """The end of a call, with its whole value; `output` is JSON."""
    head = _OUTPUT % (b"process_completed", event_id, output, b"false")
    return event(head + _COMPLETED_TAIL)


@cache
def rows(size: int) -> bytes:
    """A table as JSON, of about so many bytes."""
    row = b'[1234,"a name in a table",0.12345,true,null]'
    return b'{"headers":["a","b","c","d","e"],"data":[%b]}' % b",".join(
        [row] * max(1, size // (len(row) + 1))
    )


class TokenStream:
    """The messages of one generator: a full value, then `append` diffs, then the whole text."""

    def __init__(
        self,
        event_id: bytes,
        count: int,
        tokens: Sequence[str] = TOKENS,
        path: Sequence[int | str] = (),
        around: Callable[[str], object] = str,
    ) -> None:
        """Prepare so many steps.

        Args:
            event_id: Of the job.
            count: Steps.
            tokens: What each appends, again and again from the first on.
            path: Where in the output.
            around: Makes the output of the text that stands there.
        """
        self.event_id = event_id
        self.count = count
        self.sent = 0
        self.done = False
        self._tokens, self._around = tokens, around
        diffs = (json.dumps([["append", path, token]]).encode() for token in tokens)
        self._steps = [generating(event_id, diff) for diff in diffs]
        self._block = b"".join(self._steps)

    def next_block(self) -> bytes:
        """The next messages, a few tens of kilobytes of them."""
        if self.sent == 0 and self.count:
            self.sent = 1
            return generating(self.event_id, self._whole(1))
        step = self.sent % len(self._steps)
        left = self.count - self.sent
        if step == 0 and left >= BLOCK:
            self.sent += BLOCK
            return self._block * (BLOCK // len(self._steps))
        if left:
            steps = self._steps[step : step + left]
            self.sent += len(steps)
            return b"".join(steps)
        self.done = True
        return completed(self.event_id, self._whole(self.count))

    def _whole(self, count: int) -> bytes:
        """The output of that step, as JSON."""
        whole, rest = divmod(count, len(self._tokens))
        text = "".join(self._tokens) * whole + "".join(self._tokens[:rest])
        return json.dumps(self._around(text)).encode()


def chat_stream(event_id: bytes, count: int) -> TokenStream:
    """The messages of a chat whose last answer grows by a token at each step."""

    def around(text: str) -> object:
        turns = [("user", "Tell me a story."), ("assistant", text)]
        return [{"role": role, "metadata": None, "content": content} for role, content in turns]

    return TokenStream(event_id, count, TOKENS, (1, "content"), around)


def text_stream(event_id: bytes, count: int, size: int) -> TokenStream:
    """The messages of a text that has `size` characters after `count` steps."""
    return TokenStream(event_id, count, ["x" * max(1, size // count)])
