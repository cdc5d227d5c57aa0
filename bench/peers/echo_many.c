// Up to 64 datagrams by one recvmmsg, their answers by one sendmmsg; with
// "gro", trains of them by UDP_GRO and UDP_SEGMENT.
//
//   echo_many PORT [gro]

#include "echo.h"

#define BATCH 64
// A cache line more than the longest payload, so that the buffers do not all
// begin in the same set of the cache.
#define BUFFER (65536 + 64)

static char data[BATCH][BUFFER];
static _Alignas(8) char received[BATCH][CONTROL_SIZE], sent[BATCH][CONTROL_SIZE];
static struct sockaddr_in6 peers[BATCH];
static struct iovec in[BATCH], out[BATCH];
static struct mmsghdr questions[BATCH], answers[BATCH];

int main(int argc, char **argv) {
  int fd = listen_on(argc > 1 ? atoi(argv[1]) : 0, argc > 2);
  for (int i = 0; i < BATCH; i++) {
    in[i] = (struct iovec){data[i], 65535};
    out[i].iov_base = data[i];
    questions[i].msg_hdr = (struct msghdr){
        .msg_name = &peers[i], .msg_iov = &in[i], .msg_iovlen = 1,
        .msg_control = received[i]};
    answers[i].msg_hdr = (struct msghdr){
        .msg_name = &peers[i], .msg_iov = &out[i], .msg_iovlen = 1,
        .msg_control = sent[i]};
  }
  int count = BATCH;
  for (;;) {
    for (int i = 0; i < count; i++) {
      questions[i].msg_hdr.msg_namelen = sizeof peers[i];
      questions[i].msg_hdr.msg_controllen = CONTROL_SIZE;
    }
    count = recvmmsg(fd, questions, BATCH, MSG_WAITFORONE, NULL);
    if (count < 0) {
      count = BATCH;
      continue;
    }
    for (int i = 0; i < count; i++) {
      out[i].iov_len = questions[i].msg_len;
      answers[i].msg_hdr.msg_namelen = questions[i].msg_hdr.msg_namelen;
      answer_from_asked(&questions[i].msg_hdr, &answers[i].msg_hdr);
    }
    for (int at = 0; at < count;) {
      int done = sendmmsg(fd, answers + at, count - at, 0);
      at += done > 0 ? done : 1;
    }
  }
}
