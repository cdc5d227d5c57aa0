# Listens as a service manager does, and prints each datagram with its time.
#
#   python3 notified.py SOCKET      SOCKET: a path, or @ and an abstract name
import json
import socket
import sys
import time

name = sys.argv[1]
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind("\0" + name[1:] if name[0] == "@" else name)
print("bound", flush=True)
while True:
    text = manager.recv(4096).decode()
    fields = dict(line.split("=", 1) for line in text.split("\n"))
    print(json.dumps({"now": time.monotonic_ns() // 1000, **fields}), flush=True)
