"""Traffic while the stack is updated, and bursts against a limit."""

import itertools
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

LIST = ("GET", "/api/v1/api-keys")


def during(change, gateway, keys, calls=400, afterwards=50, at_once=8):
    """Makes calls with these keys in turn until the change is done, and some afterwards. Each must be answered. Returns
    the number of calls and the limits that the answers named."""
    changed = threading.Event()
    turns = itertools.cycle(keys)
    lock = threading.Lock()
    made, made_afterwards = itertools.count(), itertools.count()

    def call_on():
        limits = Counter()
        while True:
            with lock:
                key = next(turns)
                enough = next(made) >= calls
                if changed.is_set() and next(made_afterwards) >= afterwards and enough:
                    return limits
            answer = gateway.call(*LIST, bearer=key).expect(200)
            limits[answer.headers["X-RateLimit-Limit"]] += 1

    with ThreadPoolExecutor(at_once + 1) as pool:
        callers = [pool.submit(call_on) for _ in range(at_once)]
        try:
            change()
        finally:
            changed.set()
        limits = sum((caller.result() for caller in callers), Counter())
    return sum(limits.values()), limits


def burst(gateway, key, calls, at_once=16):
    """Makes concurrent calls with one key. Returns their statuses."""

    def call(_):
        answer = gateway.call(*LIST, bearer=key).expect(200, 429)
        if answer.status == 429:
            assert answer.code == "RATE_LIMITED" and int(answer.headers["Retry-After"]) > 0, answer
        return answer.status

    with ThreadPoolExecutor(at_once) as pool:
        return Counter(pool.map(call, range(calls)))
