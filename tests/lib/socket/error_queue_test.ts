// What became of datagrams sent earlier: ICMP from the peer or a router, and this
// host's own refusals, as events that name who said so about which datagram.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { IP_MTU_DISCOVER, IPPROTO_IP } from "../../../ffi/uapi/netinet_in.ts";
import { libc } from "../../../ffi/libc.ts";
import { SystemError } from "../../../ffi/errno.ts";
import { ArgumentError, TimeoutError } from "../../../lib/errors.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { int } from "../../support/bare_socket.ts";
import { CLIENT, UdpLab } from "../../support/udp_lab.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** IP_PMTUDISC_DO */
const NEVER_FRAGMENT = int(2);

/** A closed port. */
const DEAD = 9;

for (
  const [kind, family, address, expected] of [
    ["IPv4", "ipv4", CLIENT.four, { origin: "icmp", type: 3, icmpCode: 3 }],
    ["mapped", "dual", CLIENT.four, { origin: "icmp", type: 3, icmpCode: 3 }],
    ["IPv6", "dual", CLIENT.six, { origin: "icmp6", type: 1, icmpCode: 4 }],
    ["IPv6", "ipv6", CLIENT.six, { origin: "icmp6", type: 1, icmpCode: 4 }],
  ] as const
) {
  Deno.test(`errors: port unreachable from an ${kind} peer, on a socket for ${family}`, async () => {
    await using lab = await UdpLab.open();
    const socket = lab.bind({ family, receiveErrors: true });
    const errors = socket.errors({ timeout: 5000 });
    const to = { address, port: DEAD };
    const next = errors.next();
    await socket.send("to nobody", to);
    const { value } = await next;
    assert(value !== undefined);
    const { data, ...event } = value;
    assertEquals(text(data), "to nobody");
    assertEquals<unknown>(event, {
      code: "ECONNREFUSED",
      errno: 111,
      text: "connection refused",
      ...expected,
      info: 0,
      peer: to,
      offender: { address, port: 0 },
    });
    await errors.return();
  });
}

Deno.test("errors: a router on the way is the offender", async () => {
  await using lab = await UdpLab.open();
  await lab.client.sysctl("net.ipv4.ip_forward", 1);
  await lab.client.sysctl("net.ipv6.conf.all.forwarding", 1);
  await lab.server.ip(`route add 203.0.113.0/24 via ${CLIENT.four}`);
  await lab.server.ip(`route add 2001:db8:5::/64 via ${CLIENT.six}`);
  await lab.client.ip("route add unreachable 2001:db8:5::/64");
  const socket = lab.bind({ receiveErrors: true });
  for (
    const [address, offender] of [
      ["203.0.113.1", CLIENT.four],
      ["2001:db8:5::1", CLIENT.six],
    ]
  ) {
    const to = { address, port: 4000 };
    await socket.send("far away", to);
    for await (const error of socket.errors({ timeout: 5000 })) {
      assertEquals([error.code, error.peer], ["ENETUNREACH", to]);
      assertEquals(error.offender, { address: offender, port: 0 });
      break;
    }
  }
});

Deno.test("errors: a datagram too long for the path is a local event with the MTU", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind({ receiveErrors: true });
  const { fd } = socket.handle;
  libc().setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, NEVER_FRAGMENT, 4);
  const to = { address: CLIENT.four, port: DEAD };
  const error = await assertRejects(
    () => socket.send(new Uint8Array(2000), to),
    SystemError,
  );
  assertEquals(error.code, "EMSGSIZE");
  const { value } = await socket.errors({ timeout: 5000 }).next();
  assert(value !== undefined);
  const { code, origin, info, peer, offender } = value;
  assertEquals({ code, origin, info, peer, offender }, {
    code: "EMSGSIZE",
    origin: "local",
    info: 1500,
    // The kernel names the port of a connected peer alone.
    peer: { address: CLIENT.four, port: 0 },
    offender: undefined,
  });
});

Deno.test("errors: one that is pending does not fail an unrelated send or receive", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind({ receiveErrors: true });
  const { port, heard } = await lab.hear(["-n", "2", "::", "0"]);
  for (const address of [CLIENT.four, CLIENT.six]) {
    await socket.send(`to nobody at ${address}`, { address, port: DEAD });
    const sent = await socket.sendMany([
      { data: "to somebody", to: { address, port } },
    ]);
    assertEquals(sent, { sent: 1, failures: [] });
    assertEquals((await heard()).endsWith("to somebody"), true);
  }
  const nobody = { address: "127.0.0.1", port: DEAD };
  await socket.send("and nothing is there", nobody);
  assertEquals(socket.tryReceiveMany(new ReceiveBatch()), 0);
  await socket.send("to nobody here", nobody);
  await socket.send("to myself", { address: "::1", port: socket.address.port });
  const { data } = await socket.receive({ timeout: 5000 });
  assertEquals(text(data), "to myself");
  // And none was lost or mixed up with another.
  const reported: string[] = [];
  for await (const { code, data } of socket.errors({ timeout: 5000 })) {
    if (reported.push(`${code} ${text(data)}`) === 4) break;
  }
  assertEquals(reported, [
    `ECONNREFUSED to nobody at ${CLIENT.four}`,
    `ECONNREFUSED to nobody at ${CLIENT.six}`,
    "ECONNREFUSED and nothing is there",
    "ECONNREFUSED to nobody here",
  ]);
});

Deno.test("errors: unread errors do not keep receive() awake", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind({ receiveErrors: true });
  // Announced by the queue alone, which no other call empties.
  const to = { address: CLIENT.four, port: DEAD };
  const { fd } = socket.handle;
  libc().setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, NEVER_FRAGMENT, 4);
  await assertRejects(() => socket.send(new Uint8Array(2000), to), SystemError);
  await assertRejects(() => socket.receive({ timeout: 20 }), TimeoutError);
  const { value } = await socket.errors({ timeout: 5000 }).next();
  assertEquals(value?.code, "EMSGSIZE");
});

Deno.test("errors: one that another call took out of the kernel still wakes who waits for it", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind({ receiveErrors: true });
  const self = { address: "127.0.0.1", port: socket.address.port };
  const errors = socket.errors({ timeout: 5000 });
  for (const underWay of [false, true]) {
    const next = errors.next();
    if (underWay) await new Promise((resolve) => setTimeout(resolve, 5));
    // The second one collects what the first one caused, in the same turn.
    const sends = [
      socket.send("to nobody", { ...self, port: DEAD }),
      socket.send("to myself", self),
    ];
    assertEquals((await next).value?.code, "ECONNREFUSED");
    await Promise.all(sends);
  }
  await errors.return();
});

Deno.test("errors: with a full queue the pending error is reported, once", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind({ receiveErrors: true, receiveBuffer: 2304 });
  // Errors share the space of datagrams: leave none.
  const self = { address: "127.0.0.1", port: socket.address.port };
  for (let n = 0; n < 20; n++) await socket.send(new Uint8Array(500), self);
  await socket.send("x", { address: CLIENT.four, port: DEAD });
  const errors = socket.errors({ timeout: 200 });
  const { value } = await errors.next();
  assertEquals([value?.code, value?.origin, value?.peer], [
    "ECONNREFUSED",
    "other",
    undefined,
  ]);
  await assertRejects(() => errors.next(), TimeoutError);
});

Deno.test("errors: a connected socket without the queue gets the error in the next call", async () => {
  await using lab = await UdpLab.open();
  for (const address of [CLIENT.four, CLIENT.six]) {
    const socket = lab.bind();
    socket.connect({ address, port: DEAD });
    await socket.send("to nobody");
    const heard = await assertRejects(
      () => socket.receive({ timeout: 5000 }),
      SystemError,
    );
    assertEquals([heard.code, heard.syscall], ["ECONNREFUSED", "recvmmsg"]);
    await socket.send("to nobody");
    const sent = await assertRejects(() => socket.send("again"), SystemError);
    assertEquals([sent.code, sent.syscall], ["ECONNREFUSED", "sendmmsg"]);
  }
});

Deno.test("errors: an unconnected socket without the queue hears nothing of them", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const to = { address: CLIENT.four, port: DEAD };
  for (let n = 0; n < 3; n++) await socket.send("to nobody", to);
  await assertRejects(
    () => socket.errors().next(),
    ArgumentError,
    "receiveErrors: false is not enabled on this socket",
  );
});

Deno.test("errors: waiting for them ends with time, a signal and closing", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind({ receiveErrors: true });
  await assertRejects(() => socket.errors({ timeout: 5 }).next(), TimeoutError);
  const controller = new AbortController();
  const waiting = socket.errors({ signal: controller.signal }).next();
  controller.abort("enough");
  assertEquals(await waiting.catch((reason) => reason), "enough");
  const closed = socket.errors().next();
  await socket.close();
  assertEquals(await closed, { value: undefined, done: true });
});
