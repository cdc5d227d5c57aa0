// Reads packets from a TUN device and hands each to a function.
//
//   tun_read NAME each|empty
//
// "each" waits in poll() before every packet, "empty" only once there is
// nothing more to read. It is asked on stdin: "queued N" reads N packets that
// are there already, without waiting; "live S" reads for S seconds after a
// short warm-up.

#include "tun.h"

#define WARM_UP 0.05

static char packet[ROOM];
static long packets, bytes, sum;

__attribute__((noinline)) static void count(const char *packet, int length) {
  packets++;
  bytes += length;
  sum += packet[9];
}

// Reached through a pointer, as a library would.
static void (*volatile on_packet)(const char *, int) = count;

static double queued(int fd, long wanted) {
  double start = now();
  while (packets < wanted) {
    int got = read(fd, packet, sizeof packet);
    if (got < 0) {
      check(errno != EAGAIN, "read");
      break;
    }
    on_packet(packet, got);
  }
  return now() - start;
}

static double live(int fd, double seconds, int each) {
  struct pollfd wait = {.fd = fd, .events = POLLIN};
  double start = now(), begin = 0;
  for (;;) {
    poll(&wait, 1, 100);
    int got = read(fd, packet, sizeof packet);
    while (got >= 0) {
      on_packet(packet, got);
      // Looking at the clock each time would be work of its own.
      if (each || packets % 64 == 0) break;
      got = read(fd, packet, sizeof packet);
    }
    if (packets % 64 != 0 && got >= 0) continue;
    double time = now();
    if (begin == 0 && time - start > WARM_UP) {
      begin = time;
      packets = 0;
    }
    if (begin > 0 && time - begin > seconds) return time - begin;
  }
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "tun_read NAME each|empty\n");
    return 2;
  }
  int fd = open_tun(argv[1], 0);
  int each = strcmp(argv[2], "each") == 0;
  printf("listening on %s\n", argv[1]);
  fflush(stdout);
  char what[16];
  double much;
  while (scanf("%15s %lf", what, &much) == 2) {
    packets = bytes = 0;
    double seconds = strcmp(what, "queued") == 0 ? queued(fd, much)
                                                 : live(fd, much, each);
    printf("{\"packets\":%ld,\"seconds\":%.9f}\n", packets, seconds);
    fflush(stdout);
  }
}
