# Events of IPv4 routes with pyroute2. Each line of stdin says how many are
# queued; the answer is how many were taken in what time.

import json
import socket
import sys
import time

from pyroute2 import IPRoute
from pyroute2.netlink.rtnl import RTMGRP_IPV4_ROUTE

SO_RCVBUFFORCE = 33

with IPRoute() as route:
    route.bind(groups=RTMGRP_IPV4_ROUTE)
    route.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 64 << 20)
    print("listening", flush=True)
    for line in sys.stdin:
        events = []
        begin = time.perf_counter()
        while len(events) < int(line):
            events.extend(route.get())
        seconds = time.perf_counter() - begin
        print(json.dumps({"events": len(events), "seconds": seconds}), flush=True)
