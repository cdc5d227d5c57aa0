// Options by name, and for each IP version that a socket speaks.

import { assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import {
  IP_RECVTTL,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_UNICAST_HOPS,
} from "../../../ffi/uapi/netinet_in.ts";
import {
  AF_INET,
  AF_INET6,
  SO_BINDTODEVICE,
  SO_BROADCAST,
  SOL_SOCKET,
} from "../../../ffi/uapi/sys_socket.ts";
import {
  type Family,
  getOption,
  setIpOption,
  setOption,
  trySetOption,
} from "../../../lib/socket/option.ts";
import { BareSocket } from "../../support/bare_socket.ts";
import "../../support/descriptors.ts";

/** No option of any level. */
const NO_OPTION = 0x7fff;

Deno.test("option: an int is set and read", async () => {
  await using socket = new BareSocket(AF_INET);
  const { fd } = socket;
  assertEquals(getOption(fd, SOL_SOCKET, { SO_BROADCAST }), 0);
  setOption(fd, SOL_SOCKET, { SO_BROADCAST }, 1);
  assertEquals(getOption(fd, SOL_SOCKET, { SO_BROADCAST }), 1);
  assertEquals(trySetOption(fd, SOL_SOCKET, SO_BROADCAST, 0), true);
  assertEquals(getOption(fd, SOL_SOCKET, { SO_BROADCAST }), 0);
});

Deno.test("option: errors name the option, or what the caller tried", async () => {
  await using socket = new BareSocket(AF_INET);
  const { fd } = socket;
  assertEquals(trySetOption(fd, SOL_SOCKET, NO_OPTION, 1), false);
  const set = assertThrows(
    () => setOption(fd, SOL_SOCKET, { NO_OPTION }, 1),
    SystemError,
  );
  assertEquals(
    [set.syscall, set.code, set.tried],
    ["setsockopt", "ENOPROTOOPT", "set NO_OPTION"],
  );
  const get = assertThrows(
    () => getOption(fd, SOL_SOCKET, { NO_OPTION }),
    SystemError,
  );
  assertEquals(
    [get.syscall, get.code, get.tried],
    ["getsockopt", "ENOPROTOOPT", "read NO_OPTION"],
  );
  const name = new TextEncoder().encode("none\0");
  const explained = assertThrows(
    () =>
      setOption(fd, SOL_SOCKET, { SO_BINDTODEVICE }, name, (code) => ({
        tried: "bind to none",
        advice: `errno ${code}`,
      })),
    SystemError,
  );
  assertEquals(
    [explained.code, explained.tried, explained.advice],
    ["ENODEV", "bind to none", "errno 19"],
  );
});

for (
  const [family, ttl, hops] of [
    ["ipv4", 9, undefined],
    ["dual", 9, 9],
    ["ipv6", 64, 9],
  ] as const
) {
  Deno.test(`option: of IP for a socket that speaks ${family}`, async () => {
    await using socket = new BareSocket(family === "ipv4" ? AF_INET : AF_INET6);
    const { fd } = socket;
    const set = (value: number) =>
      setIpOption(
        fd,
        family satisfies Family,
        { IP_TTL },
        { IPV6_UNICAST_HOPS },
        value,
      );
    set(9);
    assertEquals(getOption(fd, IPPROTO_IP, { IP_TTL }), ttl);
    if (hops !== undefined) {
      assertEquals(getOption(fd, IPPROTO_IPV6, { IPV6_UNICAST_HOPS }), hops);
    }
    // Without an IPv6 counterpart it is left out there.
    setIpOption(fd, family, { IP_RECVTTL }, undefined, 1);
    const expected = family === "ipv6" ? 0 : 1;
    assertEquals(getOption(fd, IPPROTO_IP, { IP_RECVTTL }), expected);
  });
}
