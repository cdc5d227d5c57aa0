// Adds and deletes routes as fast as the kernel takes them, many requests to a
// system call, none confirmed: every one is an event for whoever listens.
//
//   route_load DEVICE GATEWAY COUNT

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

// Routes that are there at a time, and requests of one system call.
#define BLOCK 1000
#define BATCH 50

struct request {
  struct nlmsghdr header;
  struct rtmsg route;
  struct rtattr dst_header;
  struct in_addr dst;
  struct rtattr gateway_header;
  struct in_addr gateway;
  struct rtattr oif_header;
  int oif;
  struct rtattr metric_header;
  int metric;
};

static struct request requests[BATCH];

static void check(int failed, const char *what) {
  if (!failed) return;
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

#define ATTRIBUTE(kind) \
  (struct rtattr) { .rta_len = 8, .rta_type = kind }

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "route_load DEVICE GATEWAY COUNT\n");
    return 2;
  }
  int device = if_nametoindex(argv[1]);
  check(device == 0, argv[1]);
  struct in_addr gateway;
  inet_pton(AF_INET, argv[2], &gateway);
  long count = atol(argv[3]);
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  check(connect(fd, (void *)&kernel, sizeof kernel) < 0, "connect");

  for (int i = 0; i < BATCH; i++)
    requests[i] = (struct request){
        .header = {.nlmsg_len = sizeof *requests},
        .route = {.rtm_family = AF_INET,
                  .rtm_dst_len = 24,
                  .rtm_table = RT_TABLE_MAIN,
                  .rtm_protocol = RTPROT_STATIC,
                  .rtm_scope = RT_SCOPE_UNIVERSE,
                  .rtm_type = RTN_UNICAST},
        .dst_header = ATTRIBUTE(RTA_DST),
        .gateway_header = ATTRIBUTE(RTA_GATEWAY),
        .gateway = gateway,
        .oif_header = ATTRIBUTE(RTA_OIF),
        .oif = device,
        .metric_header = ATTRIBUTE(RTA_PRIORITY),
        .metric = 100,
    };
  double start = now();
  for (long done = 0; done < count; done += BATCH) {
    int adds = done / BLOCK % 2 == 0;
    for (int i = 0; i < BATCH; i++) {
      struct request *one = &requests[i];
      one->header.nlmsg_type = adds ? RTM_NEWROUTE : RTM_DELROUTE;
      one->header.nlmsg_flags =
          NLM_F_REQUEST | (adds ? NLM_F_CREATE | NLM_F_EXCL : 0);
      unsigned number = done % BLOCK + i;
      one->dst.s_addr = htonl(10u << 24 | number << 8);
    }
    check(send(fd, requests, sizeof requests, 0) < 0, "send");
  }
  double seconds = now() - start;
  // Only a refusal is answered.
  char answer[256];
  check(recv(fd, answer, sizeof answer, MSG_DONTWAIT) >= 0, "a route");
  printf("{\"events\":%ld,\"seconds\":%.6f}\n", count, seconds);
}
