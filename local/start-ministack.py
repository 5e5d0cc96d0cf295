"""Starts the pinned emulator with what it has no options for. Nothing that it answers is changed, only when.

AWS gives a long poll its message at once, the emulator looks every 100 ms; it parses an expression anew for every row that it compares with; and
it runs functions with pauses for company and for output that are long for a machine where nothing else runs.
"""

import asyncio
import functools
import gc
import sys
import time

from ministack import app
from ministack.core.lambda_runtime import Worker
from ministack.services import _dynamodb_keywords, dynamodb, lambda_svc, sqs

# As often as the emulator looks by itself: for messages that become visible without being sent.
LOOK_SECONDS = 0.1

waiting: dict[str, set[asyncio.Event]] = {}
receive_now = sqs._act_receive_message
send_message = sqs._act_send_message


async def receive_message(data: dict, url: str) -> dict:
    """A long poll as a row of short ones: the next one follows a message at once."""
    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:ReceiveMessage")
    asked = data.get("WaitTimeSeconds")
    default = queue["attributes"].get("ReceiveMessageWaitTimeSeconds", "0")
    give_up_at = time.monotonic() + int(default if asked is None else asked)
    events = waiting.setdefault(queue["name"], set())
    while True:
        # Listening before looking, so that no message slips between the two.
        sent = asyncio.Event()
        events.add(sent)
        try:
            answer = await receive_now({**data, "WaitTimeSeconds": 0}, url)
            left = give_up_at - time.monotonic()
            if answer or left <= 0:
                return answer
            await asyncio.wait_for(sent.wait(), min(left, LOOK_SECONDS))
        except asyncio.TimeoutError:
            pass
        finally:
            events.discard(sent)


def send_and_tell(data: dict, url: str) -> dict:
    answer = send_message(data, url)
    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:SendMessage")
    # State machines send from threads of their own.
    for sent in tuple(waiting.get(queue["name"], ())):
        app._MAIN_LOOP.call_soon_threadsafe(sent.set)
    return answer


def remembered(tokenize):
    """A copy each time: a caller may change the list."""
    once = functools.lru_cache(maxsize=4096)(tokenize)
    return lambda text: list(once(text))


sqs._act_send_message = send_and_tell
sqs._HANDLERS.update({"SendMessage": send_and_tell, "ReceiveMessage": receive_message})

dynamodb._tokenize = remembered(dynamodb._tokenize)
_dynamodb_keywords._tokenize = remembered(_dynamodb_keywords._tokenize)
dynamodb._condition_syntax_error = functools.lru_cache(maxsize=4096)(dynamodb._condition_syntax_error)

# An event source that was woken for nothing sleeps so long before it looks again (50 ms).
lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = 0.001
# How long an invocation waits for its first line of output, for more lines behind one (5 ms), and for all of them.
Worker._drain_stderr_bounded.__defaults__ = (0.05, 0.001, 0.25)
# Rows live long: walking over all of them for every 700 new objects finds nothing to collect.
gc.set_threshold(50_000, 20, 100)
# The loop that answers shares the interpreter with threads: it waits so long (5 ms) for one that computes.
sys.setswitchinterval(0.0005)

app.main()
