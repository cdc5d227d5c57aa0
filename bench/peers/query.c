// A socket for each query: socket, bind, sendto, recv, close, so many at a time.
// Each line of stdin says how many queries; the answer is how long they took.
//
//   query PORT CONCURRENT

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct sockaddr_in server = {.sin_family = AF_INET};
static int poller;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void begin(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  struct sockaddr_in any = {.sin_family = AF_INET};
  static char data[64];
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (fd < 0 || bind(fd, (void *)&any, sizeof any) < 0 ||
      epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) < 0 ||
      sendto(fd, data, sizeof data, 0, (void *)&server, sizeof server) < 0) {
    perror("query");
    exit(1);
  }
}

int main(int argc, char **argv) {
  if (argc < 3) {
    fprintf(stderr, "query PORT CONCURRENT\n");
    return 2;
  }
  int concurrent = atoi(argv[2]);
  server.sin_port = htons(atoi(argv[1]));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  poller = epoll_create1(EPOLL_CLOEXEC);
  printf("ready\n");
  fflush(stdout);
  char line[64];
  while (fgets(line, sizeof line, stdin) != NULL) {
    long total = atol(line), begun = 0, done = 0;
    double start = now();
    while (begun < total && begun < concurrent) begin(), begun++;
    while (done < total) {
      struct epoll_event events[64];
      int count = epoll_wait(poller, events, 64, -1);
      for (int i = 0; i < count; i++) {
        char data[2048];
        if (recv(events[i].data.fd, data, sizeof data, 0) < 0) continue;
        close(events[i].data.fd);
        done++;
        if (begun < total) begin(), begun++;
      }
    }
    printf("{\"seconds\":%.6f}\n", now() - start);
    fflush(stdout);
  }
}
