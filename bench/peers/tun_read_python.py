# Reads packets from a TUN device and hands each to a function; asked on stdin
# as tun_read.c is.
#
#   tun_read_python.py NAME

import fcntl, json, os, select, struct, sys, time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
WARM_UP = 0.05

name = sys.argv[1]
fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI))
os.set_blocking(fd, False)
poll = select.poll()
poll.register(fd, select.POLLIN)
packets = size = 0


def count(packet):
    global packets, size
    packets += 1
    size += len(packet)


def queued(wanted):
    start = time.monotonic()
    try:
        while packets < wanted:
            count(os.read(fd, 65536))
    except BlockingIOError:
        pass
    return time.monotonic() - start


def live(seconds):
    global packets
    start, begin = time.monotonic(), 0
    while True:
        poll.poll(100)
        try:
            while True:
                count(os.read(fd, 65536))
                if packets % 64 == 0:
                    break
        except BlockingIOError:
            pass
        at = time.monotonic()
        if not begin and at - start > WARM_UP:
            begin, packets = at, 0
        if begin and at - begin > seconds:
            return at - begin


print("listening on", name, flush=True)
for line in sys.stdin:
    what, much = line.split()
    packets = size = 0
    seconds = queued(int(much)) if what == "queued" else live(float(much))
    print(json.dumps({"packets": packets, "seconds": seconds}), flush=True)
