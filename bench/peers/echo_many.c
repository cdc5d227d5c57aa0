// Up to 64 datagrams by one recvmmsg, their replies by one sendmmsg; with
// "gro", segmented datagrams by UDP_GRO and UDP_SEGMENT. With MICROSECONDS it
// busy-polls for that time before each receive.
//
//   echo_many PORT [gro [MICROSECONDS]]

#include "echo.h"

#define BATCH 64
// A cache line more than the longest payload, so that the buffers do not all
// begin in the same set of the cache.
#define BUFFER (65536 + 64)

static char data[BATCH][BUFFER];
static _Alignas(8) char received[BATCH][CONTROL_SIZE], sent[BATCH][CONTROL_SIZE];
static struct sockaddr_in6 peers[BATCH];
static struct iovec in[BATCH], out[BATCH];
static struct mmsghdr requests[BATCH], replies[BATCH];

int main(int argc, char **argv) {
  int fd = listen_on(argc > 1 ? atoi(argv[1]) : 0, argc > 2);
  int spin = argc > 3 ? atoi(argv[3]) : 0;
  for (int i = 0; i < BATCH; i++) {
    in[i] = (struct iovec){data[i], 65535};
    out[i].iov_base = data[i];
    requests[i].msg_hdr = (struct msghdr){
        .msg_name = &peers[i], .msg_iov = &in[i], .msg_iovlen = 1,
        .msg_control = received[i]};
    replies[i].msg_hdr = (struct msghdr){
        .msg_name = &peers[i], .msg_iov = &out[i], .msg_iovlen = 1,
        .msg_control = sent[i]};
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
    for (int i = 0; i < count; i++) {
      out[i].iov_len = requests[i].msg_len;
      replies[i].msg_hdr.msg_namelen = requests[i].msg_hdr.msg_namelen;
      fill_reply(&requests[i].msg_hdr, &replies[i].msg_hdr);
    }
    for (int at = 0; at < count;) {
      int done = sendmmsg(fd, replies + at, count - at, 0);
      at += done > 0 ? done : 1;
    }
  }
}
