// Options of an open socket: each setter against getsockopt() of both IP versions
// and against what a peer sees.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import {
  IP_MULTICAST_LOOP,
  IP_MULTICAST_TTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_LOOP,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
} from "../../../ffi/uapi/netinet_in.ts";
import {
  SO_BROADCAST,
  SO_BUSY_POLL,
  SO_MARK,
  SO_PRIORITY,
  SO_RCVBUF,
  SO_SNDBUF,
  SO_TYPE,
  SOL_SOCKET,
} from "../../../ffi/uapi/sys_socket.ts";
import { ArgumentError, ClosedError } from "../../../lib/errors.ts";
import {
  type Family,
  getOption,
  type NamedOption,
} from "../../../lib/socket/option.ts";
import type { UdpSocketOptions } from "../../../lib/udp/socket_options.ts";
import { script, without } from "../../support/script.ts";
import { CLIENT, UdpLab } from "../../support/udp_lab.ts";

type Key = keyof UdpSocketOptions;

/** A property, two values of it, and where the kernel has it. */
const IP: [
  Key,
  number | boolean,
  number | boolean,
  NamedOption,
  NamedOption,
][] = [
  ["ttl", 3, 255, { IP_TTL }, { IPV6_UNICAST_HOPS }],
  ["trafficClass", 0x28, 0, { IP_TOS }, { IPV6_TCLASS }],
  ["multicastTtl", 5, 0, { IP_MULTICAST_TTL }, { IPV6_MULTICAST_HOPS }],
  ["multicastLoop", false, true, { IP_MULTICAST_LOOP }, {
    IPV6_MULTICAST_LOOP,
  }],
];
const SOCKET: [Key, number | boolean, number | boolean, NamedOption][] = [
  ["broadcast", true, false, { SO_BROADCAST }],
  ["mark", 0x7edcba98, 0, { SO_MARK }],
  ["priority", 6, 9, { SO_PRIORITY }],
  ["busyPoll", 50, 0, { SO_BUSY_POLL }],
];

for (const family of ["dual", "ipv4", "ipv6"] as const) {
  Deno.test(`options: what is set after bind() is the kernel's, for ${family}`, async () => {
    await using lab = await UdpLab.open();
    const socket = lab.bind({ family: family as Family });
    const { fd } = socket.handle;
    const options = socket.options as unknown as Record<string, unknown>;
    for (const [key, one, other, ipv4, ipv6] of IP) {
      for (const value of [one, other]) {
        options[key] = value;
        assertEquals(options[key], value, key);
        const read = [
          ...(family === "ipv6" ? [] : [getOption(fd, IPPROTO_IP, ipv4)]),
          ...(family === "ipv4" ? [] : [getOption(fd, IPPROTO_IPV6, ipv6)]),
        ];
        for (const number of read) assertEquals(number, Number(value), key);
      }
    }
    for (const [key, one, other, option] of SOCKET) {
      for (const value of [one, other]) {
        options[key] = value;
        assertEquals(options[key], value, key);
        assertEquals(getOption(fd, SOL_SOCKET, option), Number(value), key);
      }
    }
  });
}

Deno.test("options: priority is independent of the traffic class", async () => {
  await using lab = await UdpLab.open();
  for (
    const options of [
      { priority: 3, trafficClass: 0xb8 },
      { trafficClass: 0xb8, priority: 3 },
    ]
  ) {
    const { fd } = lab.bind(options).handle;
    assertEquals(getOption(fd, SOL_SOCKET, { SO_PRIORITY }), 3);
  }
});

Deno.test("options: the peer sees what was set", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const { port, heard } = await lab.hear(["-n", "4", "::", "0"]);
  for (const address of [CLIENT.four, CLIENT.six]) {
    for (const [ttl, trafficClass] of [[7, 0x28], [200, 1]]) {
      socket.options.ttl = ttl!;
      socket.options.trafficClass = trafficClass!;
      await socket.send("x", { address, port });
      // ADDRESS PORT DESTINATION TTL TOS ...
      const [, , , seenTtl, seenClass] = (await heard()).split(" ");
      assertEquals([seenTtl, seenClass].map(Number), [ttl, trafficClass]);
    }
  }
  const broadcast = { address: "192.0.2.255", port };
  await assertRejects(() => socket.send("x", broadcast), SystemError);
  socket.options.broadcast = true;
  await socket.send("x", broadcast);
});

Deno.test("options: the effective buffers, and the limit without capabilities", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const { fd } = socket.handle;
  const { options } = socket;
  assertEquals(options.receiveBuffer, getOption(fd, SOL_SOCKET, { SO_RCVBUF }));
  assertEquals(options.sendBuffer, getOption(fd, SOL_SOCKET, { SO_SNDBUF }));
  options.receiveBuffer = 100_000;
  options.sendBuffer = 50_000;
  assertEquals([options.receiveBuffer, options.sendBuffer], [200_000, 100_000]);
  const limit = Number(await Deno.readTextFile("/proc/sys/net/core/rmem_max"));
  const { stdout, stderr } = await script(
    `
    import { UdpSocket } from "lib:udp/mod.ts";
    await using socket = UdpSocket.bind({ receiveBuffer: 8 << 20 });
    console.log(socket.options.receiveBuffer);
    for (const key of ["mark", "priority"]) {
      try {
        socket.options[key] = 7;
      } catch ({ code, capability }) {
        console.log(key, code, capability);
      }
    }`,
    { under: without("net_admin", "net_raw") },
  );
  assertEquals(stdout.trim().split("\n"), [
    String(2 * limit),
    "mark EPERM CAP_NET_ADMIN",
    "priority EPERM CAP_NET_ADMIN",
  ], stderr);
});

Deno.test("options: any other by its number", async () => {
  await using lab = await UdpLab.open();
  const { options } = lab.bind();
  const UDP_NO_CHECK6_TX = 101;
  assertEquals(options.get("udp", UDP_NO_CHECK6_TX), 0);
  options.set("udp", UDP_NO_CHECK6_TX, 1);
  assertEquals(options.get("udp", UDP_NO_CHECK6_TX), 1);
  // SOCK_DGRAM
  assertEquals(options.get("socket", SO_TYPE), 2);
  assertEquals([...options.get("socket", SO_TYPE, 4)], [2, 0, 0, 0]);
  // SO_BINDTODEVICE takes and gives a name.
  const name = new TextEncoder().encode("wire\0");
  options.set("socket", 25, name);
  assertEquals([...options.get("socket", 25, 16)], [...name]);
  const unknown = assertThrows(() => options.get("ip", 9999), SystemError);
  assertEquals([unknown.code, unknown.tried], [
    "ENOPROTOOPT",
    "read option 9999 of ip",
  ]);
  const unset = assertThrows(() => options.set("ipv6", 9999, 1), SystemError);
  assertEquals(unset.tried, "set option 9999 of ipv6");
});

Deno.test("options: invalid values are refused before any system call, closed ones by ClosedError", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const { options } = socket;
  const bad: [() => void, string][] = [
    [() => options.ttl = 0, "ttl: 0 is not"],
    [() => options.trafficClass = 256, "trafficClass: 256 is not"],
    [() => options.multicastTtl = -1, "multicastTtl: -1 is not"],
    [() => options.receiveBuffer = 0, "receiveBuffer: 0 is not"],
    [() => options.sendBuffer = 1.5, "sendBuffer: 1.5 is not"],
    [() => options.mark = 2 ** 32, "mark: 4294967296 is not"],
    [() => options.incomingCpu = -2, "incomingCpu: -2 is not"],
    [() => options.get("tcp" as "udp", 1), 'level: "tcp" is not one of'],
    [() => options.get("udp", -1), "option: -1 is not"],
    [() => options.get("udp", 1, 0), "length: 0 is not"],
    [() => options.set("udp", 1, 2 ** 33), "value: 8589934592 is not"],
  ];
  for (const [body, message] of bad) {
    assertThrows(body, ArgumentError, message);
  }
  await socket.close();
  assertThrows(() => options.ttl, ClosedError);
  assertThrows(() => options.ttl = 1, ClosedError);
  assertThrows(() => options.get("ip", 1), ClosedError);
  assert(socket.options === options);
});
