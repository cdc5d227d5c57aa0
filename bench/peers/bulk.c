// TCP in bulk: "bulk PORT" takes in whatever comes and says at the end of each
// connection how much it was; "bulk HOST PORT SECONDS" sends for so long, waits
// for that answer and prints how much arrived in what time.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char data[1 << 18];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void check(int failed, const char *what) {
  if (!failed) return;
  perror(what);
  exit(1);
}

static int take(int port) {
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
  check(bind(listener, (void *)&any, sizeof any) < 0, "bind");
  check(listen(listener, 8) < 0, "listen");
  printf("listening on %d\n", port);
  fflush(stdout);
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    check(fd < 0, "accept");
    uint64_t taken = 0;
    ssize_t got;
    while ((got = recv(fd, data, sizeof data, 0)) > 0) taken += got;
    send(fd, &taken, sizeof taken, MSG_NOSIGNAL);
    close(fd);
  }
}

static int give(const char *host, int port, double seconds) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &to.sin_addr);
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // Pacing would measure the clock.
  setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
  check(connect(fd, (void *)&to, sizeof to) < 0, "connect");
  double start = now();
  while (now() - start < seconds)
    check(send(fd, data, sizeof data, 0) < 0, "send");
  shutdown(fd, SHUT_WR);
  uint64_t taken = 0;
  check(recv(fd, &taken, sizeof taken, MSG_WAITALL) != sizeof taken, "recv");
  printf("{\"bytes\":%lu,\"seconds\":%.6f}\n", taken, now() - start);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 2) return take(atoi(argv[1]));
  if (argc == 4) return give(argv[1], atoi(argv[2]), atof(argv[3]));
  fprintf(stderr, "bulk PORT | bulk HOST PORT SECONDS\n");
  return 2;
}
