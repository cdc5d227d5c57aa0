// A plain UDP peer, to say what a host without this library sees and sends.
//
//   udp_peer ask  [options] ADDRESS PORT TEXT   sends TEXT, prints the answers
//   udp_peer hear [options] ADDRESS PORT        prints what arrives
//   udp_peer pour [options] ADDRESS PORT SIZE   sends COUNT datagrams of SIZE,
//                                               the number of each in front
//
// An answer is printed as "ADDRESS PORT TEXT", with -v followed by the name of
// the interface it came in by. A datagram heard is printed as
// "ADDRESS PORT DESTINATION TTL TOS LENGTH SEGMENT TEXT", LENGTH being that of
// the whole read and SEGMENT what UDP_GRO says, or 0.
//
//   -b         allow broadcast          -n COUNT   answers, datagrams; default 1
//   -c         connect first            -q TOS     TOS or traffic class to send
//   -g SIZE    pour: send by UDP_SEGMENT -s SOURCE  bind to this address
//   -g 0       hear: set UDP_GRO        -t TTL     TTL or hop limit to send
//   -i IF      interface of multicast   -v         print the interface
//   -m GROUP   join this group          -w MS      time to wait; default 5000

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int broadcast, join_first, count = 1, tos = -1, ttl = -1, verbose;
static int wait_ms = 5000;
static int segment = -1;
static const char *interface, *group, *source;

static void set(int fd, int level, int option, int value) {
  if (setsockopt(fd, level, option, &value, sizeof value) < 0)
    err(1, "setsockopt %d %d", level, option);
}

static socklen_t resolve(const char *address, const char *port, int flags,
                         struct sockaddr_storage *to) {
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | flags,
                           .ai_socktype = SOCK_DGRAM}, *found;
  int code = getaddrinfo(address, port, &hints, &found);
  if (code) errx(1, "%s: %s", address, gai_strerror(code));
  memcpy(to, found->ai_addr, found->ai_addrlen);
  socklen_t length = found->ai_addrlen;
  freeaddrinfo(found);
  return length;
}

static const char *text_of(const void *sockaddr, int *port) {
  static char text[INET6_ADDRSTRLEN];
  const struct sockaddr_in *four = sockaddr;
  const struct sockaddr_in6 *six = sockaddr;
  *port = ntohs(four->sin_port);
  if (four->sin_family == AF_INET)
    return inet_ntop(AF_INET, &four->sin_addr, text, sizeof text);
  return inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof text);
}

static int open_socket(int family) {
  int fd = socket(family, SOCK_DGRAM, 0);
  if (fd < 0) err(1, "socket");
  struct timeval limit = {wait_ms / 1000, wait_ms % 1000 * 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  if (broadcast) set(fd, SOL_SOCKET, SO_BROADCAST, 1);
  int index = interface ? (int)if_nametoindex(interface) : 0;
  if (interface && !index) err(1, "%s", interface);
  int six = family == AF_INET6;
  if (tos >= 0) {
    if (six) set(fd, IPPROTO_IPV6, IPV6_TCLASS, tos);
    set(fd, IPPROTO_IP, IP_TOS, tos);
  }
  if (ttl >= 0) {
    if (six) set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, ttl);
    set(fd, IPPROTO_IP, IP_TTL, ttl);
  }
  if (index) {
    struct ip_mreqn mreq = {.imr_ifindex = index};
    setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &mreq, sizeof mreq);
    if (six) set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, index);
  }
  if (group && strchr(group, ':')) {
    struct ipv6_mreq mreq = {.ipv6mr_interface = index};
    inet_pton(AF_INET6, group, &mreq.ipv6mr_multiaddr);
    if (setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mreq, sizeof mreq))
      err(1, "join %s", group);
  } else if (group) {
    struct ip_mreqn mreq = {.imr_ifindex = index};
    inet_pton(AF_INET, group, &mreq.imr_multiaddr);
    if (setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &mreq, sizeof mreq))
      err(1, "join %s", group);
  }
  return fd;
}

static int ask(const char *address, const char *port, const char *text) {
  struct sockaddr_storage to, from;
  socklen_t length = resolve(address, port, 0, &to);
  int fd = open_socket(to.ss_family);
  if (source) {
    socklen_t size = resolve(source, "0", AI_PASSIVE, &from);
    if (bind(fd, (void *)&from, size) < 0) err(1, "bind %s", source);
  }
  set(fd, IPPROTO_IP, IP_PKTINFO, 1);
  if (to.ss_family == AF_INET6) set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  if (join_first && connect(fd, (void *)&to, length) < 0) err(1, "connect");
  if (sendto(fd, text, strlen(text), 0, join_first ? NULL : (void *)&to,
             join_first ? 0 : length) < 0)
    err(1, "sendto %s", address);
  for (int i = 0; i < count; i++) {
    static char answer[65536], control[512], name[IF_NAMESIZE + 1];
    struct iovec iov = {answer, sizeof answer - 1};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from,
                             .msg_iov = &iov, .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, 0);
    if (got < 0 && errno == EAGAIN) {
      puts("nothing");
      return 0;
    }
    if (got < 0) err(1, "recvmsg");
    answer[got] = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); verbose && c;
         c = CMSG_NXTHDR(&message, c)) {
      name[0] = ' ';
      int four = c->cmsg_level == IPPROTO_IP;
      if_indextoname(four ? ((struct in_pktinfo *)CMSG_DATA(c))->ipi_ifindex
                          : ((struct in6_pktinfo *)CMSG_DATA(c))->ipi6_ifindex,
                     name + 1);
    }
    int peer_port;
    const char *peer = text_of(&from, &peer_port);
    printf("%s %d %s%s\n", peer, peer_port, answer, name);
  }
  return 0;
}

static int hear(const char *address, const char *port) {
  struct sockaddr_storage at, from;
  socklen_t size = resolve(address, port, AI_PASSIVE, &at);
  int fd = open_socket(at.ss_family), six = at.ss_family == AF_INET6;
  set(fd, IPPROTO_IP, IP_PKTINFO, 1);
  set(fd, IPPROTO_IP, IP_RECVTTL, 1);
  set(fd, IPPROTO_IP, IP_RECVTOS, 1);
  if (six) {
    set(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    set(fd, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1);
    set(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
  }
  if (segment >= 0) set(fd, SOL_UDP, UDP_GRO, 1);
  if (bind(fd, (void *)&at, size) < 0) err(1, "bind %s", address);
  size = sizeof at;
  getsockname(fd, (void *)&at, &size);
  int own_port;
  text_of(&at, &own_port);
  printf("ready %d\n", own_port);
  for (int i = 0; i < count; i++) {
    static char data[65536], control[512];
    struct iovec iov = {data, sizeof data - 1};
    struct msghdr message = {.msg_name = &from, .msg_namelen = sizeof from,
                             .msg_iov = &iov, .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, 0);
    if (got < 0 && errno == EAGAIN) {
      puts("nothing");
      return 0;
    }
    if (got < 0) err(1, "recvmsg");
    data[got] = 0;
    char destination[INET6_ADDRSTRLEN] = "-";
    int heard_ttl = -1, heard_tos = -1, heard_segment = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c;
         c = CMSG_NXTHDR(&message, c)) {
      unsigned char *at = CMSG_DATA(c);
      int level = c->cmsg_level, type = c->cmsg_type;
      if (level == IPPROTO_IP && type == IP_PKTINFO)
        inet_ntop(AF_INET, &((struct in_pktinfo *)at)->ipi_addr, destination,
                  sizeof destination);
      if (level == IPPROTO_IPV6 && type == IPV6_PKTINFO)
        inet_ntop(AF_INET6, &((struct in6_pktinfo *)at)->ipi6_addr, destination,
                  sizeof destination);
      if ((level == IPPROTO_IP && type == IP_TTL) ||
          (level == IPPROTO_IPV6 && type == IPV6_HOPLIMIT))
        heard_ttl = *(int *)at;
      if (level == IPPROTO_IP && type == IP_TOS) heard_tos = *at;
      if (level == IPPROTO_IPV6 && type == IPV6_TCLASS) heard_tos = *(int *)at;
      if (level == SOL_UDP && type == UDP_GRO)
        heard_segment = *(uint16_t *)at;
    }
    int peer_port;
    const char *peer = text_of(&from, &peer_port);
    printf("%s %d %s %d %d %zd %d %.60s\n", peer, peer_port, destination,
           heard_ttl, heard_tos, got, heard_segment, data);
  }
  return 0;
}

static int pour(const char *address, const char *port, int size) {
  struct sockaddr_storage to;
  socklen_t length = resolve(address, port, 0, &to);
  int fd = open_socket(to.ss_family);
  if (segment > 0) set(fd, SOL_UDP, UDP_SEGMENT, segment);
  if (connect(fd, (void *)&to, length) < 0) err(1, "connect");
  char *data = malloc(size + 1);
  memset(data, '.', size);
  for (int i = 0; i < count; i++) {
    data[snprintf(data, size, "%d", i)] = ' ';
    if (send(fd, data, size, 0) < 0 && errno != ECONNREFUSED) err(1, "send");
  }
  printf("poured %d\n", count);
  return 0;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  const char *verb = argc > 1 ? argv[1] : "";
  optind = 2;
  for (int option; (option = getopt(argc, argv, "+bcg:i:m:n:q:s:t:vw:")) > 0;) {
    switch (option) {
      case 'b': broadcast = 1; break;
      case 'c': join_first = 1; break;
      case 'g': segment = atoi(optarg); break;
      case 'i': interface = optarg; break;
      case 'm': group = optarg; break;
      case 'n': count = atoi(optarg); break;
      case 'q': tos = atoi(optarg); break;
      case 's': source = optarg; break;
      case 't': ttl = atoi(optarg); break;
      case 'v': verbose = 1; break;
      case 'w': wait_ms = atoi(optarg); break;
      default: return 2;
    }
  }
  argv += optind;
  argc -= optind;
  if (!strcmp(verb, "ask") && argc == 3) return ask(argv[0], argv[1], argv[2]);
  if (!strcmp(verb, "hear") && argc == 2) return hear(argv[0], argv[1]);
  if (!strcmp(verb, "pour") && argc == 3)
    return pour(argv[0], argv[1], atoi(argv[2]));
  return 2;
}
