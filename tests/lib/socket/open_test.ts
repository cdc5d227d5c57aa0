// Sockets of any family: nonblocking, close-on-exec, closed when setting them up
// fails.

import { assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { libc } from "../../../ffi/libc.ts";
import { NETLINK_ROUTE, sockaddr_nl } from "../../../ffi/uapi/linux_netlink.ts";
import {
  AF_INET,
  AF_NETLINK,
  SOCK_DGRAM,
  SOCK_RAW,
} from "../../../ffi/uapi/sys_socket.ts";
import {
  bindSocket,
  openSocket,
  socketName,
} from "../../../lib/socket/open.ts";
import {
  buildSockaddr,
  readSockaddr,
  SOCKADDR_SIZE,
} from "../../../lib/socket/sockaddr.ts";
import "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";

/** The flags of a descriptor, as /proc shows them. */
function flagsOf(fd: number): number {
  const text = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`);
  return Number.parseInt(/flags:\s*(\d+)/.exec(text)![1], 8);
}

const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

const UDP = {
  domain: AF_INET,
  type: SOCK_DGRAM,
  namespace: undefined,
  tried: "open a test socket",
};

Deno.test("open: a bound socket is nonblocking and close-on-exec", () => {
  const fd = openSocket(UDP, (fd) => {
    const name = buildSockaddr(AF_INET, {
      address: new Uint8Array([127, 0, 0, 1]),
      port: 0,
      scope: 0,
    });
    bindSocket(fd, name, () => ({}));
    return fd;
  });
  try {
    assertEquals(flagsOf(fd) & O_NONBLOCK, O_NONBLOCK);
    assertEquals(flagsOf(fd) & O_CLOEXEC, O_CLOEXEC);
    const name = socketName(fd, SOCKADDR_SIZE);
    const bound = readSockaddr(new DataView(name.buffer), 0)!;
    assertEquals([bound.address, bound.port > 0], ["127.0.0.1", true]);
  } finally {
    libc().close(fd);
  }
});

Deno.test("open: netlink, in another namespace", async () => {
  await using lab = await Lab.open("other");
  const fd = openSocket({
    domain: AF_NETLINK,
    type: SOCK_RAW,
    protocol: NETLINK_ROUTE,
    namespace: lab.other.name,
    tried: "open a test socket",
  }, (fd) => {
    const name = sockaddr_nl.build({ nl_family: AF_NETLINK });
    bindSocket(fd, name, () => ({}));
    return fd;
  });
  try {
    const name = socketName(fd, sockaddr_nl.size);
    assertEquals(name[0] | name[1] << 8, AF_NETLINK);
  } finally {
    libc().close(fd);
  }
});

Deno.test("open: a socket whose setup fails is closed", () => {
  // descriptors.ts counts what is left open.
  assertThrows(
    () =>
      openSocket(UDP, () => {
        throw new RangeError("setup");
      }),
    RangeError,
    "setup",
  );
  const unbindable = buildSockaddr(AF_INET, {
    address: new Uint8Array([192, 0, 2, 1]),
    port: 0,
    scope: 0,
  });
  const error = assertThrows(
    () =>
      openSocket(UDP, (fd) =>
        bindSocket(fd, unbindable, (code) => ({
          tried: "bind a test socket",
          advice: `errno ${code}`,
        }))),
    SystemError,
  );
  assertEquals(
    [error.syscall, error.code, error.tried, error.advice],
    ["bind", "EADDRNOTAVAIL", "bind a test socket", "errno 99"],
  );
});

Deno.test("open: what socket(2) refuses", () => {
  const error = assertThrows(
    () => openSocket({ ...UDP, domain: 999 }, () => {}),
    SystemError,
  );
  assertEquals(
    [error.syscall, error.code, error.tried],
    ["socket", "EAFNOSUPPORT", "open a test socket"],
  );
});
