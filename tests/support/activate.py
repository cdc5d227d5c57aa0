# A service manager, as far as socket activation needs one (sd_listen_fds(3)):
# binds sockets, sends each a datagram before the service runs, starts it with
# the sockets, and prints "ADDRESS TEXT" for each reply.
#
#   activate.py "NAME=ADDRESS[,v6only] ..." "QUERY ..." PROGRAM [ARGUMENT ...]
#
# A query is ADDRESS=TEXT, sent to the first socket; "@" in front of it sends it
# only once the service has printed a line.

import os, socket, subprocess, sys

sockets = []
for word in sys.argv[1].split():
    name, address = word.split("=")
    address, _, flag = address.partition(",")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    one = socket.socket(family, socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, flag == "v6only")
    one.bind((address, 0))
    sockets.append((name, one))
port = sockets[0][1].getsockname()[1]

clients = []


def ask(query):
    address, text = query.split("=")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    client = socket.socket(family, socket.SOCK_DGRAM)
    client.settimeout(20)
    client.sendto(text.encode(), (address, port))
    clients.append(client)


queries = sys.argv[2].split()
for query in queries:
    if not query.startswith("@"):
        ask(query)

out_read, out_write = os.pipe()
pid = os.fork()
if pid == 0:
    os.dup2(out_write, 1)
    # First out of the way of the numbers that they are passed as.
    high = [os.dup2(one.fileno(), 100 + i) for i, (_, one) in enumerate(sockets)]
    for i, fd in enumerate(high):
        os.dup2(fd, 3 + i)
        os.set_inheritable(3 + i, True)
        os.close(fd)
    os.closerange(3 + len(sockets), 200)
    os.environ.update(
        LISTEN_PID=str(os.getpid()),
        LISTEN_FDS=str(len(sockets)),
        LISTEN_FDNAMES=":".join(name for name, _ in sockets),
    )
    os.execvp(sys.argv[3], sys.argv[3:])
os.close(out_write)
lines = os.fdopen(out_read)
sys.stdout.write(lines.readline())
for query in queries:
    if query.startswith("@"):
        ask(query[1:])
for client in clients:
    data, peer = client.recvfrom(2048)
    print(peer[0], data.decode())
for line in lines:
    sys.stdout.write(line)
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
