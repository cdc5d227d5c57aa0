// Keeps WINDOW datagrams of SIZE bytes on their way to HOST and looks at every
// answer: each question carries a number, and the answer must be the question.
// What has no answer PATIENCE seconds after the last answer of all is lost, or
// late if one comes all the same.
// A line of JSON a second, all numbers from the start; ends when its input does.
//
//   ask HOST PORT SIZE WINDOW

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define LARGEST 2048
// What netplumb echo sends to see whether its peer is an echo, too.
#define PROBE 24
#define PATIENCE 5.0
// Marks a number that was given up.
#define LATE (1ULL << 63)

static char in[BATCH][LARGEST], out[BATCH][LARGEST];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void fill(char *datagram, int size, uint64_t number) {
  memset(datagram, (int)(number * 31 + 7), size);
  memcpy(datagram, &number, sizeof number);
}

int main(int argc, char **argv) {
  if (argc != 5) return 2;
  int size = atoi(argv[3]), window = atoi(argv[4]);
  struct sockaddr_in server = {.sin_family = AF_INET,
                               .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &server.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), buffer = 8 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  if (connect(fd, (void *)&server, sizeof server) < 0) return 1;

  // Which numbers are on their way; a ring, since none is far behind.
  static uint64_t ring[1 << 16];
  const uint64_t mask = (1 << 16) - 1;
  static struct iovec iin[BATCH], iout[BATCH];
  static struct mmsghdr answers[BATCH], questions[BATCH];
  for (int i = 0; i < BATCH; i++) {
    iin[i] = (struct iovec){in[i], LARGEST};
    iout[i] = (struct iovec){out[i], size};
    answers[i].msg_hdr = (struct msghdr){.msg_iov = &iin[i], .msg_iovlen = 1};
    questions[i].msg_hdr = (struct msghdr){.msg_iov = &iout[i], .msg_iovlen = 1};
  }
  uint64_t next = 1, answered = 0, lost = 0, late = 0, wrong = 0,
           probes = 0;
  int waiting = 0;
  double heard = now(), told = heard;
  struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = 0}};
  for (;;) {
    int room = window - waiting < BATCH ? window - waiting : BATCH;
    for (int i = 0; i < room; i++) fill(out[i], size, next + i);
    int sent = room > 0 ? sendmmsg(fd, questions, room, MSG_DONTWAIT) : 0;
    for (int i = 0; i < sent; i++) ring[(next + i) & mask] = next + i;
    if (sent > 0) next += sent, waiting += sent;
    if (poll(fds, 2, room > 0 && sent <= 0 ? 10 : 100) < 0) return 1;
    if (fds[1].revents) return 0;
    int count = recvmmsg(fd, answers, BATCH, MSG_DONTWAIT, NULL);
    double time = now();
    for (int i = 0; i < count; i++) {
      uint64_t number;
      char expected[LARGEST];
      memcpy(&number, in[i], sizeof number);
      fill(expected, size, number);
      if ((int)answers[i].msg_len == PROBE) {
        probes++;
      } else if ((int)answers[i].msg_len != size ||
                 memcmp(in[i], expected, size)) {
        wrong++;
      } else if (ring[number & mask] == number) {
        ring[number & mask] = 0;
        waiting--;
        answered++;
      } else if (ring[number & mask] == (number | LATE)) {
        ring[number & mask] = 0;
        lost--;
        late++;
      } else {
        wrong++; // Twice.
      }
    }
    if (count > 0) heard = time;
    if (time - heard > PATIENCE) {
      lost += waiting;
      waiting = 0;
      for (int i = 0; i < 1 << 16; i++)
        if (ring[i]) ring[i] |= LATE;
      heard = time;
    }
    if (time - told >= 1) {
      told = time;
      // Those that others have overtaken by a ring's half are lost as well.
      for (uint64_t n = next > mask ? next - mask : 1; n + mask / 2 < next; n++) {
        if (ring[n & mask] != n) continue;
        ring[n & mask] |= LATE;
        waiting--;
        lost++;
      }
      printf("{\"answered\":%lu,\"lost\":%lu,\"late\":%lu,\"wrong\":%lu,"
             "\"probes\":%lu}\n",
             answered, lost, late, wrong, probes);
      fflush(stdout);
    }
  }
}
