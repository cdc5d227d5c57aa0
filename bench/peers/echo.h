// Common functions of the echo servers in C: a dual-stack socket with packet
// info, the source address of a reply, and busy polling.

#ifndef ECHO_H
#define ECHO_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

// Space for both kinds of packet info and a segment size.
#define CONTROL_SIZE 128
#define RECEIVE_BUFFER (4 << 20)

static void set(int fd, int level, int option, int value, const char *what) {
  if (setsockopt(fd, level, option, &value, sizeof value) < 0) {
    perror(what);
    exit(1);
  }
}

static inline int listen_on(int port, int gro) {
  int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0, "IPV6_V6ONLY");
  set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO");
  set(fd, IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO");
  int size = RECEIVE_BUFFER;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
    set(fd, SOL_SOCKET, SO_RCVBUF, size, "SO_RCVBUF");
  if (gro) set(fd, IPPROTO_UDP, UDP_GRO, 1, "UDP_GRO");
  struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
  socklen_t length = sizeof name;
  if (bind(fd, (void *)&name, length) < 0 ||
      getsockname(fd, (void *)&name, &length) < 0) {
    perror("bind");
    exit(1);
  }
  printf("listening on [::]:%d\n", ntohs(name.sin6_port));
  fflush(stdout);
  return fd;
}

static inline double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

// Polls without sleeping until the socket is readable, for at most
// `microseconds`. The next receive blocks if it is not readable by then.
static inline void busy_poll(int fd, int microseconds) {
  if (microseconds <= 0) return;
  struct pollfd target = {.fd = fd, .events = POLLIN};
  double end = now() + microseconds / 1e6;
  while (poll(&target, 1, 0) == 0 && now() < end) continue;
}

static void put(struct msghdr *reply, int level, int type, const void *data,
                size_t size) {
  struct cmsghdr *c =
      (void *)((char *)reply->msg_control + reply->msg_controllen);
  c->cmsg_level = level;
  c->cmsg_type = type;
  c->cmsg_len = CMSG_LEN(size);
  memcpy(CMSG_DATA(c), data, size);
  reply->msg_controllen += CMSG_SPACE(size);
}

// Fills msg_control of `reply` from the control messages of `request`.
static inline void fill_reply(struct msghdr *request,
                                     struct msghdr *reply) {
  struct in_pktinfo *four = NULL;
  struct in6_pktinfo *six = NULL;
  int segment = 0;
  for (struct cmsghdr *c = CMSG_FIRSTHDR(request); c != NULL;
       c = CMSG_NXTHDR(request, c)) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
      four = (void *)CMSG_DATA(c);
    else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO)
      six = (void *)CMSG_DATA(c);
    else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO)
      segment = *(int *)CMSG_DATA(c);
  }
  reply->msg_controllen = 0;
  struct sockaddr_in6 *peer = request->msg_name;
  if (IN6_IS_ADDR_V4MAPPED(&peer->sin6_addr)) {
    if (four != NULL) {
      struct in_pktinfo from = {.ipi_spec_dst = four->ipi_spec_dst};
      put(reply, IPPROTO_IP, IP_PKTINFO, &from, sizeof from);
    }
  } else if (six != NULL) {
    struct in6_pktinfo from = {0};
    int multicast = IN6_IS_ADDR_MULTICAST(&six->ipi6_addr);
    if (!multicast) from.ipi6_addr = six->ipi6_addr;
    if (multicast || IN6_IS_ADDR_LINKLOCAL(&peer->sin6_addr))
      from.ipi6_ifindex = six->ipi6_ifindex;
    put(reply, IPPROTO_IPV6, IPV6_PKTINFO, &from, sizeof from);
  }
  if (segment > 0 && (size_t)segment < reply->msg_iov->iov_len) {
    uint16_t size = segment;
    put(reply, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
  }
}

#endif
