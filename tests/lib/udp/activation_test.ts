// Socket activation and other descriptors that are taken over: a parent binds the
// sockets, as systemd does, and passes them to a program in Deno.

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { libc } from "../../../ffi/libc.ts";
import { F_GETFL, O_NONBLOCK } from "../../../ffi/uapi/fcntl.ts";
import {
  AF_INET,
  AF_INET6,
  SOCK_DGRAM,
  SOCK_STREAM,
} from "../../../ffi/uapi/sys_socket.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import { activationDescriptors } from "../../../lib/udp/open.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import { ownedDescriptors } from "../../support/descriptors.ts";
import { output } from "../../support/netns.ts";

const PARENT = new URL("../../support/activate.py", import.meta.url).pathname;
const LIBRARY = new URL("../../../lib/udp/mod.ts", import.meta.url);

/** Answers as many queries as it is given, and prints what it sees. */
const service = (count: number) => `
import { activationDescriptors, UdpSocket } from "${LIBRARY}";
const passed = activationDescriptors();
console.log(JSON.stringify(passed));
console.log(activationDescriptors().length, Deno.env.has("LISTEN_FDS"));
const [socket, ...others] = passed.map(({ fd }) => UdpSocket.fromDescriptor(fd));
for (let n = 0; n < ${count}; n++) {
  const query = await socket.receive({ timeout: 20_000 });
  const text = new TextDecoder().decode(query.data);
  await socket.reply(query, text + " " + query.local.address);
}
for (const one of [socket, ...others]) {
  console.log(one.family, one.address.address);
  await one.close();
}
`;

/** Runs a service under the parent; gives the lines that both print. */
async function activated(
  sockets: string,
  queries: string,
): Promise<string[]> {
  const count = queries.split(" ").length;
  const deno = [Deno.execPath(), "eval", "--quiet", "--ext=ts", service(count)];
  const { code, stdout, stderr } = await output("python3", [
    ...[PARENT, sockets, queries],
    ...deno,
  ]);
  assertEquals(code, 0, stderr);
  return stdout.trim().split("\n");
}

for (
  const [kind, sockets, queries, families] of [
    ["IPv4", "dns=0.0.0.0", "127.0.0.2=early @127.0.0.3=late", [
      "ipv4 0.0.0.0",
    ]],
    [
      "dual",
      "dns=::",
      "127.0.0.2=early ::1=six @127.0.0.3=late @::1=six-late",
      ["dual ::"],
    ],
    ["IPv6", "dns=::,v6only other=127.0.0.1", "::1=early @::1=late", [
      "ipv6 ::",
      "ipv4 127.0.0.1",
    ]],
  ] as const
) {
  Deno.test(`activation: ${kind} sockets are taken over, with what was queued before`, async () => {
    const [passed, again, ...lines] = await activated(sockets, queries);
    const names = sockets.split(" ").map((word) => word.split("=")[0]);
    assertEquals(
      JSON.parse(passed!),
      names.map((name, index) => ({ fd: 3 + index, name })),
    );
    const queried = queries.split(" ").map((word) => word.replace(/^@/, ""));
    // In the order of the queries, the ones before the service ran first.
    const replies = queried.map((query) => {
      const [address, text] = query.split("=");
      return `${address} ${text} ${address}`;
    });
    assertEquals(
      [again, ...lines].toSorted(),
      ["0 false", ...replies, ...families].toSorted(),
    );
  });
}

Deno.test("activation: variables of another process are left alone", () => {
  Deno.env.set("LISTEN_PID", String(Deno.pid + 1));
  Deno.env.set("LISTEN_FDS", "1");
  try {
    assertEquals(activationDescriptors(), []);
    assertEquals(Deno.env.get("LISTEN_FDS"), "1");
    Deno.env.set("LISTEN_PID", String(Deno.pid));
    for (const count of ["", "0", "-1", "x", "1.5"]) {
      Deno.env.set("LISTEN_FDS", count);
      assertEquals(activationDescriptors(), [], count);
    }
    Deno.env.set("LISTEN_FDS", "100000");
    const error = assertThrows(activationDescriptors, SystemError);
    assertEquals(error.code, "EBADF");
    assertStringIncludes(error.message, "of socket activation");
  } finally {
    Deno.env.delete("LISTEN_PID");
    Deno.env.delete("LISTEN_FDS");
  }
});

function open(domain: number, type: number): number {
  return libc().socket(domain, type, 0);
}

Deno.test("fromDescriptor: options are read from the kernel and set", async () => {
  const fd = open(AF_INET6, SOCK_DGRAM);
  {
    await using socket = UdpSocket.fromDescriptor(fd, {
      receiveErrors: true,
      gro: true,
      ttl: 7,
    });
    assertEquals(socket.family, "dual");
    assertEquals(socket.options.ttl, 7);
    assertEquals(libc().fcntl(fd, F_GETFL, 0) & O_NONBLOCK, O_NONBLOCK);
    const { options } = socket.handle;
    assertEquals([options.receiveErrors, options.gro], [true, true]);
  }
  assertEquals(libc().fcntl(fd, F_GETFL, 0), -1, "closed with the socket");
});

Deno.test("fromDescriptor: a connected socket keeps its peer", async () => {
  await using peer = UdpSocket.bind({ address: "127.0.0.1" });
  await using original = UdpSocket.bind({ peer: peer.address });
  await using socket = UdpSocket.fromDescriptor(
    libc().fcntl(
      original.handle.fd,
      F_DUPFD_CLOEXEC,
      3,
    ),
  );
  assertEquals(socket.handle.peer, peer.address);
  await socket.send("by the duplicate");
  const { peer: from } = await peer.receive({ timeout: 5000 });
  assertEquals(from, original.address);
});

const F_DUPFD_CLOEXEC = 1030;

Deno.test("fromDescriptor: what is not a UDP socket stays the caller's", () => {
  const before = ownedDescriptors();
  const stream = open(AF_INET, SOCK_STREAM);
  assertThrows(
    () => UdpSocket.fromDescriptor(stream),
    ArgumentError,
    `fd: ${stream} is not the descriptor of a UDP socket`,
  );
  libc().close(stream);
  const file = Deno.openSync("/dev/null");
  for (const [fd, code] of [[1_000_000, "EBADF"], [0, "ENOTSOCK"]] as const) {
    const error = assertThrows(() => UdpSocket.fromDescriptor(fd), SystemError);
    assertEquals([error.code, error.tried], [
      code,
      `take over descriptor ${fd}`,
    ]);
  }
  file.close();
  const udp = open(AF_INET, SOCK_DGRAM);
  for (
    const [options, message] of [
      [{ ttl: 0 }, "ttl: 0 is not"],
      [{ port: 9 }, 'options: "port" is not one of packetInfo, reuseAddress,'],
      [{ tll: 9 }, 'options: "tll" is not one of packetInfo, reuseAddress,'],
      [
        { packetInfo: "in6_pktinfo" },
        'packetInfo: "in6_pktinfo" is not an option of an ipv4 socket',
      ],
    ] as const
  ) {
    assertThrows(
      () => UdpSocket.fromDescriptor(udp, options as { ttl: number }),
      ArgumentError,
      message,
    );
  }
  assertEquals(libc().close(udp), 0);
  assertEquals(ownedDescriptors(), before);
});
