"""The protocol between bench/layers and its peers."""
import json
import statistics
import sys
import time


def answer(listed, calls):
    """Prints the available cases, then a line with the times for each requested call, or null if the peer does not have the
    call."""
    print(json.dumps(listed), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        call = calls.get(asked["case"])
        if call is None:
            print("null", flush=True)
            continue
        call()
        times, processor = [], time.process_time()
        end = time.perf_counter() + asked["seconds"]
        while not times or time.perf_counter() < end:
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        processor = time.process_time() - processor
        print(json.dumps({"seconds": statistics.median(times), "cpu": processor / len(times)}), flush=True)
