"""An agent in Python with nothing but HTTP: it adds numbers. `CADRE_API_URL=… CADRE_TOKEN=… python3 over-http.py [TASKS]` ends after so many tasks, or never."""

import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request

api = os.environ["CADRE_API_URL"].rstrip("/")
agent = os.environ.get("AGENT_ID", "py-http-1")
tasks_left = int(sys.argv[1]) if len(sys.argv) > 1 else None
holding = set()


def call(method, path, body=None):
    """One call, repeated while the service is busy: every command may be."""
    headers = {"content-type": "application/json"}
    if "CADRE_TOKEN" in os.environ:
        headers["authorization"] = f"Bearer {os.environ['CADRE_TOKEN']}"
    data = None if body is None else json.dumps(body).encode()
    while True:
        try:
            request = urllib.request.Request(api + path, data, headers, method=method)
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as refusal:
            if refusal.code != 429 and refusal.code < 500:
                raise SystemExit(f"{refusal.code}: {refusal.read().decode()}") from None
        except OSError:
            pass
        time.sleep(1)


def beat(leaving=False):
    interval = grant["heartbeat_interval_ms" if holding else "idle_heartbeat_interval_ms"]
    call("POST", f"/v1/agents/{agent}/heartbeats", {"holding": sorted(holding), "interval_ms": interval, "leaving": leaving})


def heartbeats():
    """What an agent holds and does not list is given to others after nine seconds; one that is silent gets nothing."""
    beaten = time.monotonic()
    while True:
        time.sleep(grant["heartbeat_interval_ms"] / 1000)
        if holding or time.monotonic() - beaten > grant["idle_heartbeat_interval_ms"] / 2000:
            beat()
            beaten = time.monotonic()


def work(task):
    payload = task["payload"] if "payload" in task else call("GET", f"/v1/tasks/{task['task_id']}/payload")
    try:
        return {"outcome": "completed", "output": sum(payload)}
    except TypeError as error:
        return {"outcome": "failed", "error": {"code": "no-numbers", "message": str(error), "retryable": False}}


grant = call("POST", "/v1/agents", {"agent_id": agent, "type": "python", "capabilities": ["sum"], "capacity": 1})
threading.Thread(target=heartbeats, daemon=True).start()
print(f"{agent} is ready", flush=True)
while tasks_left is None or tasks_left > 0:
    for message in call("POST", f"/v1/agents/{agent}/inbox", {"wait_seconds": 20})["messages"]:
        if message["kind"] != "assign":
            continue  # Its work is too short to be called off.
        attempt = {"task_id": message["task_id"], "attempt": message["attempt"]}
        holding.add(f"{message['task_id']}#{message['attempt']}")
        result = {**attempt, **work(message), "task_type": message["task_type"]}
        call("POST", f"/v1/agents/{agent}/results", {"results": [result]})
        holding.discard(f"{message['task_id']}#{message['attempt']}")
        tasks_left = None if tasks_left is None else tasks_left - 1
beat(leaving=True)
