// Events of IPv4 routes with libmnl: numbers only, an array of structs. Each
// line of stdin says how many are queued; the answer is how many were taken in
// what time.

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define RECEIVE_BUFFER (64 << 20)
#define MOST 100000

struct event {
  unsigned short type;
  unsigned char family, prefix, tos, protocol, scope, kind;
  unsigned flags, table, oif, metric;
  unsigned char dst[16], gateway[16], prefsrc[16];
};

static struct event events[MOST];
static long count;

static int attribute(const struct nlattr *attr, void *data) {
  struct event *event = data;
  unsigned length = mnl_attr_get_payload_len(attr);
  if (length > 16) return MNL_CB_OK;
  switch (mnl_attr_get_type(attr)) {
  case RTA_DST:
    memcpy(event->dst, mnl_attr_get_payload(attr), length);
    break;
  case RTA_GATEWAY:
    memcpy(event->gateway, mnl_attr_get_payload(attr), length);
    break;
  case RTA_PREFSRC:
    memcpy(event->prefsrc, mnl_attr_get_payload(attr), length);
    break;
  case RTA_OIF:
    event->oif = mnl_attr_get_u32(attr);
    break;
  case RTA_TABLE:
    event->table = mnl_attr_get_u32(attr);
    break;
  case RTA_PRIORITY:
    event->metric = mnl_attr_get_u32(attr);
    break;
  }
  return MNL_CB_OK;
}

static int message(const struct nlmsghdr *header, void *data) {
  (void)data;
  if (count == MOST) return MNL_CB_STOP;
  const struct rtmsg *route = mnl_nlmsg_get_payload(header);
  struct event *event = &events[count++];
  *event = (struct event){.type = header->nlmsg_type,
                          .family = route->rtm_family,
                          .prefix = route->rtm_dst_len,
                          .tos = route->rtm_tos,
                          .protocol = route->rtm_protocol,
                          .scope = route->rtm_scope,
                          .kind = route->rtm_type,
                          .flags = route->rtm_flags,
                          .table = route->rtm_table};
  mnl_attr_parse(header, sizeof *route, attribute, event);
  return MNL_CB_OK;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

int main(void) {
  struct mnl_socket *socket = mnl_socket_open(NETLINK_ROUTE);
  if (socket == NULL ||
      mnl_socket_bind(socket, RTMGRP_IPV4_ROUTE, MNL_SOCKET_AUTOPID) < 0) {
    perror("mnl_socket");
    return 1;
  }
  int fd = mnl_socket_get_fd(socket), size = RECEIVE_BUFFER;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  static char buffer[16384];
  long wanted;
  printf("listening\n");
  fflush(stdout);
  while (scanf("%ld", &wanted) == 1) {
    count = 0;
    double start = now();
    while (count < wanted) {
      ssize_t got = mnl_socket_recvfrom(socket, buffer, sizeof buffer);
      if (got < 0) break;
      mnl_cb_run(buffer, got, 0, 0, message, NULL);
    }
    printf("{\"events\":%ld,\"seconds\":%.9f}\n", count, now() - start);
    fflush(stdout);
  }
}
