// The client: keeps WINDOW datagrams of SIZE bytes outstanding, SEGMENTS of them
// in one message (UDP_SEGMENT), and counts the replies for SECONDS after a short
// warm-up ("replies"; "handled" includes the warm-up). With WINDOW 1 it measures
// every round trip. With "spin" it busy-polls for the reply instead of sleeping.
//
//   load HOST PORT SIZE WINDOW SEGMENTS SECONDS [spin]
//
// Its socket is connected: a reply from another address than HOST is lost.

#include "echo.h"

#include <errno.h>

#define BATCH 64
#define BUFFER (65536 + 64)
#define WARM_UP 0.05
#define SAMPLES (1 << 22)

static char incoming[BATCH][BUFFER];
static char outgoing[65536];
static float trips[SAMPLES];

static int ascending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
  if (argc < 7) {
    fprintf(stderr, "load HOST PORT SIZE WINDOW SEGMENTS SECONDS [spin]\n");
    return 2;
  }
  int size = atoi(argv[3]), window = atoi(argv[4]), segments = atoi(argv[5]);
  double seconds = atof(argv[6]);
  int flags = argc > 7 ? MSG_DONTWAIT : MSG_WAITFORONE;

  struct sockaddr_in server = {.sin_family = AF_INET,
                               .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &server.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int buffer = RECEIVE_BUFFER;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  // A lost datagram would otherwise end the run.
  struct timeval timeout = {.tv_usec = 100000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  if (segments > 1) {
    set(fd, IPPROTO_UDP, UDP_GRO, 1, "UDP_GRO");
    set(fd, IPPROTO_UDP, UDP_SEGMENT, size, "UDP_SEGMENT");
  }
  if (connect(fd, (void *)&server, sizeof server) < 0) {
    perror("connect");
    return 1;
  }

  static struct iovec in[BATCH], out[BATCH];
  static struct mmsghdr replies[BATCH], requests[BATCH];
  for (int i = 0; i < BATCH; i++) {
    in[i] = (struct iovec){incoming[i], 65535};
    out[i] = (struct iovec){outgoing, (size_t)size * segments};
    replies[i].msg_hdr = (struct msghdr){.msg_iov = &in[i], .msg_iovlen = 1};
    requests[i].msg_hdr = (struct msghdr){.msg_iov = &out[i], .msg_iovlen = 1};
  }

  long outstanding = 0, replied = 0, handled = 0, lost = 0, samples = 0;
  double begin = 0, start = now(), last = start, at = start;
  for (;;) {
    while (outstanding + segments <= window) {
      int messages = (window - outstanding) / segments;
      double before = window == 1 ? now() : 0;
      int sent = sendmmsg(fd, requests, messages < BATCH ? messages : BATCH, 0);
      if (sent <= 0) break;
      outstanding += (long)sent * segments;
      if (window == 1) at = before;
    }
    int count = recvmmsg(fd, replies, BATCH, flags, NULL);
    double time = now();
    if (count > 0) {
      long received = 0;
      for (int i = 0; i < count; i++) received += replies[i].msg_len / size;
      outstanding -= received;
      handled += received;
      last = time;
      if (begin > 0) {
        replied += received;
        if (window == 1 && samples < SAMPLES) trips[samples++] = time - at;
      }
    } else if (time - last > 0.1) {
      lost += outstanding;
      outstanding = 0;
      last = time;
    }
    if (begin == 0 && time - start > WARM_UP) begin = time;
    if (begin > 0 && time - begin > seconds) {
      seconds = time - begin;
      break;
    }
  }
  double trip = 0;
  if (samples > 0) {
    qsort(trips, samples, sizeof *trips, ascending);
    trip = trips[samples / 2];
  }
  printf("{\"replies\":%ld,\"handled\":%ld,\"seconds\":%.6f,\"lost\":%ld,"
         "\"trip\":%.9f}\n",
         replied, handled, seconds, lost, trip);
}
