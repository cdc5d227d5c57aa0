// An HTTP client: RATE requests a second for SECONDS over CONNECTIONS kept alive.
// A request's time counts from the moment it was due, so that a server that stops
// for a while is charged for every request in it. With RATE 0 each connection
// sends its next request when it has the response of the last one.
//
//   http_load HOST PORT CONNECTIONS RATE SECONDS

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS 64
// Seconds to wait for the last responses.
#define LINGER 10
#define WARM_UP 0.25

static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
  if (argc < 6) {
    fprintf(stderr, "http_load HOST PORT CONNECTIONS RATE SECONDS\n");
    return 2;
  }
  int connections = atoi(argv[3]);
  if (connections < 1 || connections > CONNECTIONS) return 2;
  double rate = atof(argv[4]), seconds = atof(argv[5]);
  prctl(PR_SET_TIMERSLACK, 1);

  struct sockaddr_in server = {.sin_family = AF_INET,
                               .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &server.sin_addr);
  struct pollfd fds[CONNECTIONS];
  double due[CONNECTIONS];
  int busy[CONNECTIONS] = {0};
  for (int i = 0; i < connections; i++) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (void *)&server, sizeof server) < 0) {
      perror("connect");
      return 1;
    }
    fds[i] = (struct pollfd){.fd = fd, .events = POLLIN};
  }

  int paced = rate > 0;
  // Without a rate time is the limit, and this the room for samples.
  long total = paced ? rate * (seconds + WARM_UP) : 1000000 * (seconds + 1);
  long begun = 0, done = 0, kept = 0;
  double *times = calloc(total, sizeof *times);
  double begin = now(), end = begin + WARM_UP + seconds + LINGER;
  while (done < total) {
    double time = now();
    if (!paced && time > begin + WARM_UP + seconds) break;
    if (time > end) {
      fprintf(stderr, "http_load: %ld responses are missing\n", total - done);
      return 1;
    }
    for (int i = 0; i < connections && begun < total; i++) {
      double at = paced ? begin + begun / rate : time;
      if (at > time) break;
      if (busy[i]) continue;
      if (write(fds[i].fd, request, sizeof request - 1) < 0) {
        perror("write");
        return 1;
      }
      due[i] = at;
      busy[i] = 1;
      begun++;
    }
    double next = paced && begun < total ? begin + begun / rate - time : 1;
    // Every connection is busy: only a response goes on.
    if (next <= 0) next = 1;
    struct timespec timeout = {.tv_sec = (time_t)next,
                               .tv_nsec = (long)((next - (time_t)next) * 1e9)};
    if (ppoll(fds, connections, &timeout, NULL) <= 0) continue;
    time = now();
    for (int i = 0; i < connections; i++) {
      if (!(fds[i].revents & (POLLIN | POLLHUP | POLLERR))) continue;
      // A short response arrives whole.
      static char response[65536];
      ssize_t length = read(fds[i].fd, response, sizeof response);
      if (length < 12 || memcmp(response, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "http_load: no response\n");
        return 1;
      }
      if (!busy[i]) continue;
      busy[i] = 0;
      done++;
      if (due[i] >= begin + WARM_UP) times[kept++] = time - due[i];
    }
  }
  qsort(times, kept, sizeof *times, ascending);
  printf("{\"requests\":%ld,\"median\":%.6f,\"p99\":%.6f,\"longest\":%.6f}\n",
         kept, times[kept / 2], times[kept * 99 / 100], times[kept - 1]);
}
