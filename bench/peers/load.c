// The asker: keeps WINDOW datagrams of SIZE bytes on their way, TRAIN of them
// by one system call (UDP_SEGMENT), and counts the answers for SECONDS after a
// short warm-up ("answered"; "handled" counts that too). With WINDOW 1 it also takes the time of every round trip.
// "spin" as the last word looks for the answer instead of sleeping.
//
//   load HOST PORT SIZE WINDOW TRAIN SECONDS [spin]
//
// Its socket is connected: an answer from another address than HOST is lost.

#include "echo.h"

#include <errno.h>
#include <time.h>

#define BATCH 64
#define BUFFER (65536 + 64)
#define WARM_UP 0.05
#define SAMPLES (1 << 22)

static char incoming[BATCH][BUFFER];
static char outgoing[65536];
static float trips[SAMPLES];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int ascending(const void *a, const void *b) {
  float x = *(const float *)a, y = *(const float *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
  if (argc < 7) {
    fprintf(stderr, "load HOST PORT SIZE WINDOW TRAIN SECONDS [spin]\n");
    return 2;
  }
  int size = atoi(argv[3]), window = atoi(argv[4]), train = atoi(argv[5]);
  double seconds = atof(argv[6]);
  int flags = argc > 7 ? MSG_DONTWAIT : MSG_WAITFORONE;

  struct sockaddr_in server = {.sin_family = AF_INET,
                               .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &server.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int buffer = RECEIVE_BUFFER;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  // A lost datagram would otherwise end the run.
  struct timeval patience = {.tv_usec = 100000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (train > 1) {
    set(fd, IPPROTO_UDP, UDP_GRO, 1, "UDP_GRO");
    set(fd, IPPROTO_UDP, UDP_SEGMENT, size, "UDP_SEGMENT");
  }
  if (connect(fd, (void *)&server, sizeof server) < 0) {
    perror("connect");
    return 1;
  }

  static struct iovec in[BATCH], out[BATCH];
  static struct mmsghdr answers[BATCH], questions[BATCH];
  for (int i = 0; i < BATCH; i++) {
    in[i] = (struct iovec){incoming[i], 65535};
    out[i] = (struct iovec){outgoing, (size_t)size * train};
    answers[i].msg_hdr = (struct msghdr){.msg_iov = &in[i], .msg_iovlen = 1};
    questions[i].msg_hdr = (struct msghdr){.msg_iov = &out[i], .msg_iovlen = 1};
  }

  long waiting = 0, answered = 0, handled = 0, lost = 0, samples = 0;
  double begin = 0, start = now(), heard = start, at = start;
  for (;;) {
    while (waiting + train <= window) {
      int room = (window - waiting) / train;
      double before = window == 1 ? now() : 0;
      int sent = sendmmsg(fd, questions, room < BATCH ? room : BATCH, 0);
      if (sent <= 0) break;
      waiting += (long)sent * train;
      if (window == 1) at = before;
    }
    int count = recvmmsg(fd, answers, BATCH, flags, NULL);
    double time = now();
    if (count > 0) {
      long came = 0;
      for (int i = 0; i < count; i++) came += answers[i].msg_len / size;
      waiting -= came;
      handled += came;
      heard = time;
      if (begin > 0) {
        answered += came;
        if (window == 1 && samples < SAMPLES) trips[samples++] = time - at;
      }
    } else if (time - heard > 0.1) {
      lost += waiting;
      waiting = 0;
      heard = time;
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
  printf("{\"answered\":%ld,\"handled\":%ld,\"seconds\":%.6f,\"lost\":%ld,"
         "\"trip\":%.9f}\n",
         answered, handled, seconds, lost, trip);
}
