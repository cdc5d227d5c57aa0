// The server of the packet-info story: one recvmsg, one sendmsg a datagram.
//
//   echo_one PORT

#include "echo.h"

int main(int argc, char **argv) {
  int fd = listen_on(argc > 1 ? atoi(argv[1]) : 0, 0);
  static char data[65535];
  static _Alignas(8) char received[CONTROL_SIZE], sent[CONTROL_SIZE];
  struct sockaddr_in6 peer;
  struct iovec in = {data, sizeof data}, out = {data, 0};
  struct msghdr question = {.msg_name = &peer, .msg_iov = &in, .msg_iovlen = 1,
                            .msg_control = received};
  struct msghdr answer = {.msg_name = &peer, .msg_iov = &out, .msg_iovlen = 1,
                          .msg_control = sent};
  for (;;) {
    question.msg_namelen = sizeof peer;
    question.msg_controllen = sizeof received;
    ssize_t length = recvmsg(fd, &question, 0);
    if (length < 0) continue;
    out.iov_len = length;
    answer.msg_namelen = question.msg_namelen;
    answer_from_asked(&question, &answer);
    sendmsg(fd, &answer, 0);
  }
}
