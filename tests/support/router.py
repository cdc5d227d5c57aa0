# Sends one router advertisement (RFC 4861) from an interface to all nodes:
#
#   router.py INTERFACE MTU HOPLIMIT LIFETIME PREFIX
#
# LIFETIME of the default route is in seconds, PREFIX a /64 with its own of 900.

import socket, struct, sys

name, mtu, hoplimit, lifetime, prefix = sys.argv[1:]
index = socket.if_nametoindex(name)
advertisement = struct.pack("!BBHBBHII", 134, 0, 0, int(hoplimit), 0,
                            int(lifetime), 0, 0)
link_mtu = struct.pack("!BBHI", 5, 1, 0, int(mtu))
network = struct.pack("!BBBBIII", 3, 4, 64, 0x80, 900, 900, 0)
network += socket.inet_pton(socket.AF_INET6, prefix)
with socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6) as s:
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
    s.sendto(advertisement + link_mtu + network, ("ff02::1", 0, 0, index))
