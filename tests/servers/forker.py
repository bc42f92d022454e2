"""Start apps in processes of their own, and import Gradio once for all of them.

    python forker.py MODULE SOCKET OWNER

To import Gradio takes several seconds of a core; to fork takes none. Listens at a Unix socket; each
connection brings a line of JSON for one app, and is answered with its process id:

    {"port": 7860, "mode": "plain", "folder": "/tmp/x", "environment": {…}, "output": "/tmp/x/log",
     "ready": "/tmp/x/ready"}

MODULE is `app` or `replica`; its `serve(port, mode)` runs in the new process, which can be killed.
When it returns, which it does not for an app that is mounted, the file `ready` is made.
Ends when the process OWNER is gone. `forks.py` makes use of it.
"""

import contextlib
import gc
import importlib
import json
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
import traceback


def main():
    """Start an app for each order; they end with this process."""
    module_name, path, owner = sys.argv[1:]
    module = importlib.import_module(module_name)
    gc.freeze()  # the collector of an app need not look at Gradio
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # so that the system buries them
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(path + ".new")
        door.listen(16)
        door.settimeout(1)
        os.rename(path + ".new", path)
        while exists(int(owner)):
            try:
                caller = door.accept()[0]
            except TimeoutError:
                continue
            with caller:
                caller.settimeout(None)
                order = json.loads(caller.makefile().readline())
                pid = os.fork()
                if not pid:
                    run(module, order)
                # No session of its own: the system ends a group that is left behind frozen.
                with contextlib.suppress(ProcessLookupError):
                    os.setpgid(pid, pid)
                caller.sendall(b"%d" % pid)


def exists(pid):
    """Tell whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def run(module, order):
    """Serve an app, and end the process."""
    try:
        prepare(order)
        module.serve(order["port"], order["mode"])
        # Gradio calls itself once before that, and gives up if it gets no answer.
        open(order["ready"], "wb").close()
        threading.Event().wait()
    except SystemExit as error:
        print(error, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    os._exit(1)


def prepare(order):
    """Make of the copy of the starter what a process of its own would be."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    tempfile.tempdir = None
    random.seed()
    source = os.open(os.devnull, os.O_RDONLY)
    output = os.open(order["output"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for taken, number in ((source, 0), (output, 1), (output, 2)):
        os.dup2(taken, number)
    os.closerange(3, 256)  # the sockets of the starter
    threading.Thread(target=end_with_the_starter, daemon=True).start()


def end_with_the_starter():
    """End this process when the one that started it is gone, however that came to its end."""
    starter = os.getppid()
    while os.getppid() == starter:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    main()
