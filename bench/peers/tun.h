// What the programs in C share that have a TUN device.

#ifndef TUN_H
#define TUN_H

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

// The longest packet and the header before it.
#define ROOM 65600

static inline double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static inline void check(int failed, const char *what) {
  if (!failed) return;
  perror(what);
  exit(1);
}

// A nonblocking descriptor of a new device; with offload, packets come with
// struct virtio_net_hdr before them and may stand for many.
static inline int open_tun(const char *name, int offload) {
  int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
  check(fd < 0, "/dev/net/tun");
  struct ifreq request = {0};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_TUN | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0);
  check(ioctl(fd, TUNSETIFF, &request) < 0, "TUNSETIFF");
  if (offload)
    check(ioctl(fd, TUNSETOFFLOAD,
                TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN) < 0,
          "TUNSETOFFLOAD");
  check(fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0, "O_NONBLOCK");
  return fd;
}

#endif
