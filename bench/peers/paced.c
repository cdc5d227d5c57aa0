// A UDP client with a fixed rate: sends RATE datagrams of SIZE bytes a second
// for SECONDS, whether replies come or not, and counts the replies.
//
//   paced HOST PORT SIZE RATE SECONDS

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
// The shortest sleep. Datagrams that come one by one leave a server no pause, where
// bursts would.
#define TICK 0.00002
// Time for the last replies to arrive.
#define LINGER 0.02

static char data[BATCH][2048];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void sleep_until(double time) {
  struct timespec t = {.tv_sec = (time_t)time,
                       .tv_nsec = (long)((time - (time_t)time) * 1e9)};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

int main(int argc, char **argv) {
  if (argc < 6) {
    fprintf(stderr, "paced HOST PORT SIZE RATE SECONDS\n");
    return 2;
  }
  int size = atoi(argv[3]);
  double rate = atof(argv[4]), seconds = atof(argv[5]);
  prctl(PR_SET_TIMERSLACK, 1);

  struct sockaddr_in server = {.sin_family = AF_INET,
                               .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &server.sin_addr);
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int buffer = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
  if (connect(fd, (void *)&server, sizeof server) < 0) {
    perror("connect");
    return 1;
  }

  static struct iovec in[BATCH], out[BATCH];
  static struct mmsghdr replies[BATCH], requests[BATCH];
  for (int i = 0; i < BATCH; i++) {
    in[i] = (struct iovec){data[i], sizeof data[i]};
    out[i] = (struct iovec){data[0], size};
    replies[i].msg_hdr = (struct msghdr){.msg_iov = &in[i], .msg_iovlen = 1};
    requests[i].msg_hdr = (struct msghdr){.msg_iov = &out[i], .msg_iovlen = 1};
  }

  long sent = 0, received = 0, total = rate * seconds;
  double begin = now(), step = 1 / rate > TICK ? 1 / rate : TICK;
  for (double time = begin; time < begin + seconds + LINGER; time = now()) {
    long due = (time - begin) * rate;
    if (due > total) due = total;
    // A client that was late at a slow rate keeps the pause: it sends no two at
    // once.
    if (step > TICK && due > sent + 1) {
      begin += (due - sent - 1) / rate;
      due = sent + 1;
    }
    while (sent < due) {
      int batch = due - sent < BATCH ? due - sent : BATCH;
      int count = sendmmsg(fd, requests, batch, 0);
      // A refused datagram is a lost one; the rate stays.
      sent += count > 0 ? count : 1;
    }
    for (;;) {
      int count = recvmmsg(fd, replies, BATCH, MSG_DONTWAIT, NULL);
      if (count <= 0) break;
      received += count;
    }
    sleep_until(time + step);
  }
  printf("{\"sent\":%ld,\"received\":%ld}\n", sent, received);
}
