// The system calls of `netplumb echo` in C, without decoding: up to 64 datagrams
// by one recvmmsg; replies that differ only in their payload are sent as one
// message that UDP_SEGMENT splits. With MICROSECONDS it busy-polls for that time
// before each receive, as netplumb does.
//
//   echo_gso PORT [MICROSECONDS]

#include "echo.h"

#define BATCH 64

static char data[BATCH][65536 + 64];
static _Alignas(8) char received[BATCH][CONTROL_SIZE], sent[BATCH][CONTROL_SIZE];
static struct sockaddr_in6 peers[BATCH];
static struct iovec in[BATCH], out[BATCH];
static struct mmsghdr requests[BATCH], replies[BATCH];

// Whether the datagram at `at` can be a segment of this message.
static int is_segment(struct msghdr *message, int at) {
  int first = message->msg_iov - out;
  return out[first].iov_len == out[at].iov_len &&
         !memcmp(&peers[first], &peers[at], sizeof peers[at]) &&
         !memcmp(received[first], received[at],
                 requests[at].msg_hdr.msg_controllen);
}

int main(int argc, char **argv) {
  int fd = listen_on(argc > 1 ? atoi(argv[1]) : 0, 0);
  int spin = argc > 2 ? atoi(argv[2]) : 0;
  for (int i = 0; i < BATCH; i++) {
    in[i] = (struct iovec){data[i], 65535};
    out[i].iov_base = data[i];
    requests[i].msg_hdr = (struct msghdr){
        .msg_name = &peers[i], .msg_iov = &in[i], .msg_iovlen = 1,
        .msg_control = received[i]};
  }
  int count = BATCH;
  for (;;) {
    for (int i = 0; i < count; i++) {
      requests[i].msg_hdr.msg_namelen = sizeof peers[i];
      requests[i].msg_hdr.msg_controllen = CONTROL_SIZE;
    }
    busy_poll(fd, spin);
    count = recvmmsg(fd, requests, BATCH, MSG_WAITFORONE, NULL);
    if (count < 0) {
      count = BATCH;
      continue;
    }
    int messages = 0;
    for (int i = 0; i < count; i++) {
      out[i].iov_len = requests[i].msg_len;
      struct msghdr *last = &replies[messages - 1].msg_hdr;
      if (messages > 0 && is_segment(last, i)) {
        uint16_t size = out[i].iov_len;
        if (++last->msg_iovlen == 2)
          put(last, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof size);
        continue;
      }
      struct msghdr *next = &replies[messages++].msg_hdr;
      *next = (struct msghdr){
          .msg_name = &peers[i], .msg_iov = &out[i], .msg_iovlen = 1,
          .msg_namelen = requests[i].msg_hdr.msg_namelen,
          .msg_control = sent[i]};
      fill_reply(&requests[i].msg_hdr, next);
    }
    for (int at = 0; at < messages;) {
      int done = sendmmsg(fd, replies + at, messages - at, 0);
      at += done > 0 ? done : 1;
    }
  }
}
