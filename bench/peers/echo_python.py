# Python's socket: packet info through recvmsg and sendmsg, the source chosen.

import socket
import struct

IP_PKTINFO = 8

server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
server.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
server.bind(("::", 0))
print(f"listening on [::]:{server.getsockname()[1]}", flush=True)
while True:
    data, control, _, peer = server.recvmsg(65535, 128)
    answer = []
    for level, kind, value in control:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO:
            source = struct.pack("=I4sI", 0, value[4:8], 0)
            answer = [(level, kind, source)]
            break
        if level == socket.IPPROTO_IPV6 and kind == socket.IPV6_PKTINFO:
            answer = [(level, kind, value[:16] + struct.pack("=I", 0))]
    server.sendmsg([data], answer, 0, peer)
