// The server of the field report about packet info: one recvmsg and one sendmsg
// for each datagram.
//
//   echo_one PORT

#include "echo.h"

int main(int argc, char **argv) {
  int fd = listen_on(argc > 1 ? atoi(argv[1]) : 0, 0);
  static char data[65535];
  static _Alignas(8) char received[CONTROL_SIZE], sent[CONTROL_SIZE];
  struct sockaddr_in6 peer;
  struct iovec in = {data, sizeof data}, out = {data, 0};
  struct msghdr request = {.msg_name = &peer, .msg_iov = &in, .msg_iovlen = 1,
                            .msg_control = received};
  struct msghdr reply = {.msg_name = &peer, .msg_iov = &out, .msg_iovlen = 1,
                          .msg_control = sent};
  for (;;) {
    request.msg_namelen = sizeof peer;
    request.msg_controllen = sizeof received;
    ssize_t length = recvmsg(fd, &request, 0);
    if (length < 0) continue;
    out.iov_len = length;
    reply.msg_namelen = request.msg_namelen;
    fill_reply(&request, &reply);
    sendmsg(fd, &reply, 0);
  }
}
