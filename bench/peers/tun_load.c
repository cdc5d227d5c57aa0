// Sends UDP datagrams of SIZE bytes to HOST, which is behind a TUN device:
// TRAIN of them by one system call, which the kernel cuts apart in front of the
// device. COUNT of them, or for so many seconds where it ends in "s".
//
//   tun_load HOST COUNT SIZE TRAIN

#include <arpa/inet.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "tun.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

int main(int argc, char **argv) {
  if (argc < 5) {
    fprintf(stderr, "tun_load HOST COUNT SIZE TRAIN\n");
    return 2;
  }
  int timed = strchr(argv[2], 's') != NULL;
  double much = atof(argv[2]);
  int size = atoi(argv[3]), train = atoi(argv[4]);
  struct sockaddr_in host = {.sin_family = AF_INET, .sin_port = htons(9)};
  inet_pton(AF_INET, argv[1], &host.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (train > 1)
    check(setsockopt(fd, SOL_UDP, UDP_SEGMENT, &size, sizeof size) < 0,
          "UDP_SEGMENT");
  check(connect(fd, (void *)&host, sizeof host) < 0, "connect");
  static char data[65536];
  long sent = 0;
  double start = now();
  while (timed ? now() - start < much : sent < much) {
    long rest = timed ? train : much - sent;
    int count = rest < train ? rest : train;
    // A full queue is no error: whoever reads is the slower one.
    if (send(fd, data, (size_t)count * size, 0) >= 0 || errno == ENOBUFS)
      sent += count;
    else check(1, "send");
  }
  printf("{\"sent\":%ld,\"seconds\":%.6f}\n", sent, now() - start);
}
