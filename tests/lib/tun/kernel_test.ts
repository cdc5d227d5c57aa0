// The behaviour of the driver, tested directly: the facts the device class is
// built on. If one of these fails, the kernel has changed and the class must.

import { assertEquals } from "@std/assert";
import { compileC } from "../../support/c.ts";
import { Lab } from "../../support/netns.ts";

const PRELUDE = `
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *name_of(int result) {
  return result < 0 ? strerrorname_np(errno) : "ok";
}
static int node(void) { return open("/dev/net/tun", O_RDWR | O_NONBLOCK); }
static int attach(int fd, const char *name, short flags, char *out) {
  struct ifreq r = {0};
  memcpy(r.ifr_name, name, strnlen(name, IFNAMSIZ));
  r.ifr_flags = flags;
  int result = ioctl(fd, TUNSETIFF, &r);
  if (out) memcpy(out, r.ifr_name, IFNAMSIZ);
  return result;
}
static void link_flags(const char *name, int up) {
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq r = {0};
  strcpy(r.ifr_name, name);
  ioctl(s, SIOCGIFFLAGS, &r);
  r.ifr_flags = up ? r.ifr_flags | IFF_UP : r.ifr_flags & ~IFF_UP;
  ioctl(s, SIOCSIFFLAGS, &r);
  close(s);
}
static int tso(const char *name) {
  struct ethtool_value value = { .cmd = ETHTOOL_GTSO };
  struct ifreq r = { .ifr_data = (void *)&value };
  strcpy(r.ifr_name, name);
  ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCETHTOOL, &r);
  return value.data;
}
static void *blocked(void *fd) {
  char b[40];
  ssize_t result = read(*(int *)fd, b, sizeof b);
  printf("read: %s\\n", name_of(result));
  return 0;
}
/* An IPv6 router solicitation comes by itself once the link is up. */
static int packet_within(int fd, int ms) {
  struct pollfd p = { .fd = fd, .events = POLLIN };
  return poll(&p, 1, ms);
}
`;

/** Compiles and runs a program in a namespace of its own; gives its lines. */
async function ask(body: string): Promise<string[]> {
  await using program = await compileC(
    `${PRELUDE}\nint main(void) {\n${body}\n  return 0;\n}`,
  );
  await using lab = await Lab.open("host");
  return (await lab.host.run(program.path, [])).trim().split("\n");
}

Deno.test("driver: epoll on a descriptor from before TUNSETIFF goes deaf, poll does not", async () => {
  const printed = await ask(`
  int fd = node(), ep = epoll_create1(0);
  struct epoll_event e = { .events = EPOLLIN }, got;
  struct pollfd before = { .fd = fd, .events = POLLIN };
  poll(&before, 1, 0);
  printf("poll before: %s\\n", before.revents & POLLERR ? "POLLERR" : "nothing");
  epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
  epoll_wait(ep, &got, 1, 0);
  attach(fd, "t0", IFF_TUN | IFF_NO_PI, 0);
  epoll_wait(ep, &got, 1, 0);
  link_flags("t0", 1);
  printf("poll after: %d\\n", packet_within(fd, 5000));
  /* Drain, then let another packet come while only epoll waits. */
  char b[2048];
  while (read(fd, b, sizeof b) > 0);
  int s = socket(AF_INET6, SOCK_DGRAM, 0);
  unsigned index = if_nametoindex("t0");
  setsockopt(s, 41, 17, &index, sizeof index);
  struct { unsigned short f, p; unsigned flow; unsigned char a[16]; unsigned scope; }
    to = { AF_INET6, 0x0900, 0, { 0xff, 2, [15] = 1 }, index };
  sendto(s, "x", 1, 0, (void *)&to, 28);
  int poll_sees = packet_within(fd, 5000);
  int epoll_sees = epoll_wait(ep, &got, 1, 300);
  printf("a later packet: poll %d, epoll %d\\n", poll_sees, epoll_sees);
  while (read(fd, b, sizeof b) > 0);
  epoll_ctl(ep, EPOLL_CTL_MOD, fd, &e);
  sendto(s, "x", 1, 0, (void *)&to, 28);
  poll_sees = packet_within(fd, 5000);
  /* MOD asks once how things are, and that once may see the packet. */
  epoll_wait(ep, &got, 1, 0);
  while (read(fd, b, sizeof b) > 0);
  sendto(s, "x", 1, 0, (void *)&to, 28);
  poll_sees = packet_within(fd, 5000);
  epoll_sees = epoll_wait(ep, &got, 1, 300);
  printf("after MOD: poll %d, epoll %d\\n", poll_sees, epoll_sees);
  while (read(fd, b, sizeof b) > 0);
  epoll_ctl(ep, EPOLL_CTL_DEL, fd, 0);
  epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e);
  sendto(s, "x", 1, 0, (void *)&to, 28);
  printf("after DEL and ADD: epoll %d\\n", epoll_wait(ep, &got, 1, 5000));
  `);
  assertEquals(printed, [
    "poll before: POLLERR",
    "poll after: 1",
    "a later packet: poll 1, epoll 0",
    "after MOD: poll 1, epoll 0",
    "after DEL and ADD: epoll 1",
  ]);
});

Deno.test("driver: long names are cut short silently, %d and nothing are numbered", async () => {
  assertEquals(
    await ask(`
  char out[IFNAMSIZ + 1] = {0};
  attach(node(), "sixteen-bytes-xx", IFF_TUN | IFF_NO_PI, out);
  puts(out);
  attach(node(), "vpn%d", IFF_TUN | IFF_NO_PI, out);
  puts(out);
  attach(node(), "vpn%d", IFF_TUN | IFF_NO_PI, out);
  puts(out);
  attach(node(), "", IFF_TUN | IFF_NO_PI, out);
  puts(out);
  attach(node(), "", IFF_TAP | IFF_NO_PI, out);
  puts(out);
  `),
    ["sixteen-bytes-x", "vpn0", "vpn1", "tun0", "tap0"],
  );
});

Deno.test("driver: each refusal has its errno", async () => {
  assertEquals(
    await ask(`
  int a = node();
  attach(a, "t0", IFF_TUN | IFF_NO_PI, 0);
  printf("attached elsewhere: %s\\n", name_of(attach(node(), "t0", IFF_TUN | IFF_NO_PI, 0)));
  printf("attached already: %s\\n", name_of(attach(a, "t1", IFF_TUN | IFF_NO_PI, 0)));
  printf("other kind: %s\\n", name_of(attach(node(), "t0", IFF_TAP | IFF_NO_PI, 0)));
  printf("no device of ours: %s\\n", name_of(attach(node(), "lo", IFF_TUN | IFF_NO_PI, 0)));
  printf("more queues than it has: %s\\n",
    name_of(attach(node(), "t0", IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE, 0)));
  printf("exclusive: %s\\n", name_of(attach(node(), "t0", IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL, 0)));
  printf("neither kind: %s\\n", name_of(attach(node(), "t2", IFF_NO_PI, 0)));
  `),
    [
      "attached elsewhere: EBUSY",
      "attached already: EEXIST",
      "other kind: EINVAL",
      "no device of ours: EINVAL",
      "more queues than it has: EINVAL",
      "exclusive: EBUSY",
      "neither kind: EINVAL",
    ],
  );
});

Deno.test("driver: a short read loses the rest without a sign", async () => {
  assertEquals(
    await ask(`
  int fd = node();
  attach(fd, "t0", IFF_TUN | IFF_NO_PI, 0);
  link_flags("t0", 1);
  packet_within(fd, 5000);
  char b[2048];
  printf("%zd bytes of a longer packet\\n", read(fd, b, 8));
  printf("starts anew: %s\\n",
    packet_within(fd, 0) == 0 || (read(fd, b, sizeof b) > 40 && b[0] >> 4 == 6) ? "yes" : "no");
  `),
    ["8 bytes of a longer packet", "starts anew: yes"],
  );
});

Deno.test("driver: a link that is down rejects writes, and is neither writable nor readable", async () => {
  assertEquals(
    await ask(`
  int fd = node();
  attach(fd, "t0", IFF_TUN | IFF_NO_PI, 0);
  char b[40] = { 0x60 };
  printf("write while down: %s\\n", name_of(write(fd, b, sizeof b)));
  printf("read while down: %s\\n", name_of(read(fd, b, sizeof b)));
  struct pollfd p = { .fd = fd, .events = POLLIN | POLLOUT };
  printf("poll while down: %d\\n", poll(&p, 1, 100));
  link_flags("t0", 1);
  printf("poll while up: %s\\n", poll(&p, 1, 5000) && p.revents & POLLOUT ? "POLLOUT" : "-");
  b[0] = (char)0x90;
  printf("version 9: %s\\n", name_of(write(fd, b, sizeof b)));
  printf("version 6: %s\\n", (b[0] = 0x60, name_of(write(fd, b, sizeof b))));
  `),
    [
      "write while down: EIO",
      "read while down: EAGAIN",
      "poll while down: 0",
      "poll while up: POLLOUT",
      "version 9: EINVAL",
      "version 6: ok",
    ],
  );
});

Deno.test("driver: a deleted device wakes poll with an error and is of no more use", async () => {
  assertEquals(
    await ask(`
  int fd = node();
  attach(fd, "t0", IFF_TUN | IFF_NO_PI, 0);
  if (fork() == 0) {
    usleep(100000);
    execlp("ip", "ip", "link", "delete", "t0", (char *)0);
  }
  struct pollfd p = { .fd = fd, .events = POLLIN };
  poll(&p, 1, 5000);
  printf("poll: %s\\n", p.revents & POLLERR ? "POLLERR" : "-");
  char b[40] = { 0x60 };
  printf("read: %s\\n", name_of(read(fd, b, sizeof b)));
  printf("write: %s\\n", name_of(write(fd, b, sizeof b)));
  struct ifreq r;
  printf("TUNGETIFF: %s\\n", name_of(ioctl(fd, TUNGETIFF, &r)));
  `),
    [
      "poll: POLLERR",
      "read: EBADFD",
      "write: EBADFD",
      "TUNGETIFF: EBADFD",
    ],
  );
});

Deno.test("driver: a blocked read outlives close and ends with the device", async () => {
  assertEquals(
    await ask(`
  int fd = open("/dev/net/tun", O_RDWR);
  attach(fd, "t0", IFF_TUN | IFF_NO_PI, 0);
  pthread_t reader;
  pthread_create(&reader, 0, blocked, &fd);
  usleep(100000);
  close(fd);
  usleep(100000);
  printf("device after close: %s\\n", if_nametoindex("t0") ? "there" : "gone");
  fflush(stdout);
  system("ip link delete t0");
  pthread_join(reader, 0);
  `),
    ["device after close: there", "read: EFAULT"],
  );
});

Deno.test("driver: a persistent device keeps the offloads its last user requested", async () => {
  assertEquals(
    await ask(`
  int fd = node();
  attach(fd, "t0", IFF_TUN | IFF_NO_PI | IFF_VNET_HDR, 0);
  ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4);
  ioctl(fd, TUNSETPERSIST, 1);
  close(fd);
  fd = node();
  attach(fd, "t0", IFF_TUN | IFF_NO_PI, 0);
  printf("attached anew: TSO %s\\n", tso("t0") ? "on" : "off");
  ioctl(fd, TUNSETOFFLOAD, 0);
  printf("told so: TSO %s\\n", tso("t0") ? "on" : "off");
  `),
    ["attached anew: TSO on", "told so: TSO off"],
  );
});

Deno.test("driver: a further descriptor is attached with the first one's framing", async () => {
  const printed = await ask(`
  struct ifreq r = {0};
  short flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
  int first = node(), second = node();
  attach(first, "m0", flags, 0);
  printf("attach: %s\\n", name_of(attach(second, "m0", flags | IFF_VNET_HDR, 0)));
  ioctl(second, TUNGETIFF, &r);
  printf("header: %d\\n", (r.ifr_flags & IFF_VNET_HDR) != 0);
  int size = 12;
  ioctl(second, TUNSETVNETHDRSZ, &size);
  size = 0;
  ioctl(first, TUNGETVNETHDRSZ, &size);
  printf("the first one's header: %d\\n", size);
  /* IFF_NO_PI and IFF_NOFILTER are one bit: it says nothing of tun_pi. */
  int other = node();
  attach(other, "m1", IFF_TUN, 0);
  ioctl(other, TUNGETIFF, &r);
  printf("IFF_NO_PI: %d\\n", (r.ifr_flags & IFF_NO_PI) != 0);`);
  assertEquals(printed, [
    "attach: ok",
    "header: 0",
    "the first one's header: 12",
    "IFF_NO_PI: 1",
  ]);
});

Deno.test("driver: a detached queue receives nothing and can be attached again", async () => {
  const printed = await ask(`
  struct ifreq r = {0};
  short flags = IFF_TUN | IFF_NO_PI | IFF_MULTI_QUEUE;
  int fd = node();
  attach(fd, "m0", flags, 0);
  r.ifr_flags = IFF_DETACH_QUEUE;
  printf("detach: %s\\n", name_of(ioctl(fd, TUNSETQUEUE, &r)));
  r.ifr_flags = IFF_DETACH_QUEUE;
  printf("again: %s\\n", name_of(ioctl(fd, TUNSETQUEUE, &r)));
  link_flags("m0", 1);
  printf("packets: %d\\n", packet_within(fd, 200));
  r.ifr_flags = IFF_ATTACH_QUEUE;
  printf("attach: %s\\n", name_of(ioctl(fd, TUNSETQUEUE, &r)));`);
  assertEquals(printed, [
    "detach: ok",
    "again: EINVAL",
    "packets: 0",
    "attach: ok",
  ]);
});
