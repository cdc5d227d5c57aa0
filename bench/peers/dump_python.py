# Dumps of the IPv4 routes with pyroute2. Each line of stdin says how many; the
# answer is what they had and took.

import json
import socket
import sys
import time

from pyroute2 import IPRoute

with IPRoute() as route:
    print("ready", flush=True)
    for line in sys.stdin:
        objects = 0
        begin = time.perf_counter()
        for _ in range(int(line)):
            objects += len(list(route.get_routes(family=socket.AF_INET)))
        seconds = time.perf_counter() - begin
        print(json.dumps({"objects": objects, "seconds": seconds}), flush=True)
