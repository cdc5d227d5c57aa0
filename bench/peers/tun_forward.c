// Carries packets between two TUN devices, each in a network namespace of its
// own: poll, then read one device until it is empty and write to the other.
//
//   tun_forward NAMESPACE NAMESPACE plain|offload

#include "tun.h"

static char packet[ROOM];

static int open_in(const char *namespace, int offload) {
  char path[256];
  snprintf(path, sizeof path, "/run/netns/%s", namespace);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  check(fd < 0 || setns(fd, CLONE_NEWNET) < 0, path);
  close(fd);
  return open_tun("tun0", offload);
}

static void carry(int from, int to) {
  for (;;) {
    int length = read(from, packet, sizeof packet);
    if (length < 0) return;
    // Refused packets are lost, as on any link.
    if (write(to, packet, length) < 0 && errno == EAGAIN) {
      struct pollfd room = {.fd = to, .events = POLLOUT};
      poll(&room, 1, 100);
    }
  }
}

int main(int argc, char **argv) {
  if (argc < 4) {
    fprintf(stderr, "tun_forward NAMESPACE NAMESPACE plain|offload\n");
    return 2;
  }
  int offload = strcmp(argv[3], "offload") == 0;
  struct pollfd devices[2];
  for (int i = 0; i < 2; i++)
    devices[i] = (struct pollfd){.fd = open_in(argv[1 + i], offload),
                                 .events = POLLIN};
  printf("listening on both\n");
  fflush(stdout);
  for (;;) {
    poll(devices, 2, -1);
    if (devices[0].revents) carry(devices[0].fd, devices[1].fd);
    if (devices[1].revents) carry(devices[1].fd, devices[0].fd);
  }
}
