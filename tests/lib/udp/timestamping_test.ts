// SO_TIMESTAMPING: when datagrams were received and sent, each family, through
// the socket's error queue; and what is sent at a given time (SO_TXTIME).

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { SO_TIMESTAMPING, SO_TXTIME } from "../../../ffi/uapi/sys_socket.ts";
import { ArgumentError, TimeoutError } from "../../../lib/errors.ts";
import type { TransmitTimestamp } from "../../../lib/socket/error_queue.ts";
import type { UdpSocket } from "../../../lib/udp/socket.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Nanoseconds since 1970, to the millisecond. */
const now = () => BigInt(Date.now()) * 1_000_000n;

/** The next time stamps, so many of them. */
async function take(
  socket: UdpSocket,
  count: number,
): Promise<TransmitTimestamp[]> {
  const stamps: TransmitTimestamp[] = [];
  for await (const stamp of socket.transmitTimestamps({ timeout: 5000 })) {
    if (stamps.push(stamp) === count) break;
  }
  return stamps;
}

Deno.test("timestamping: the software time stamp of received datagrams, for each family", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({
    timestamping: { receive: ["software", "hardware"] },
    receiveTimestamp: true,
  });
  const port = String(server.address.port);
  for (const queried of [FOUR[1], `::ffff:${FOUR[1]}`, SIX[1]]) {
    const before = now();
    await lab.ask("-w", "1", queried!, port, "q");
    const after = now() + 1_000_000n;
    const { timestamps, timestamp } = await server.receive({ timeout: 5000 });
    const { software, hardware } = timestamps!;
    assertEquals([software, hardware], [timestamp, undefined]);
    assert(before <= software! && software! <= after, `${software}`);
  }
});

for (const family of ["dual", "ipv4", "ipv6"] as const) {
  Deno.test(`timestamping: when each message was sent, on a socket for ${family}`, async () => {
    await using lab = await UdpLab.open();
    const socket = lab.bind({
      family,
      timestamping: { transmit: ["scheduled", "software"] },
    });
    const peers = {
      dual: [CLIENT.four, CLIENT.six],
      ipv4: [CLIENT.four, CLIENT.four],
      ipv6: [CLIENT.six, CLIENT.six],
    }[family];
    const before = now();
    const { port } = lab.bind({}, "client").address;
    for (const address of peers) await socket.send("x", { address, port });
    // An unknown neighbour is resolved first.
    const stamps = await take(socket, 4);
    const after = now() + 1_000_000n;
    assertEquals(
      stamps.map(({ id, point }) => `${id} ${point}`).toSorted(),
      ["0 scheduled", "0 sent", "1 scheduled", "1 sent"],
    );
    for (const { software, hardware } of stamps) {
      assertEquals(hardware, undefined);
      assert(before <= software! && software! <= after, `${software}`);
    }
  });
}

Deno.test("timestamping: receive() and errors() go on beside time stamps", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind({
    receiveErrors: true,
    timestamping: { transmit: ["software"] },
  });
  const stamps = socket.transmitTimestamps({ timeout: 5000 });
  const errors = socket.errors({ timeout: 5000 });
  // Both wait when the first of them has something to take.
  const error = errors.next();
  const stamp = stamps.next();
  await socket.send("to nobody", { address: CLIENT.four, port: 9 });
  assertEquals((await error).value?.code, "ECONNREFUSED");
  assertEquals((await stamp).value?.id, 0);
  const second = stamps.next();
  const self = { address: "127.0.0.1", port: socket.address.port };
  await socket.send("to myself", self);
  assertEquals(
    text((await socket.receive({ timeout: 5000 })).data),
    "to myself",
  );
  assertEquals((await second).value?.id, 1);
  await Promise.all([stamps.return(), errors.return()]);
});

Deno.test("timestamping: without receiveErrors a pending error fails the next call, as before", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind({
    peer: { address: CLIENT.four, port: 9 },
    timestamping: { transmit: ["software"] },
  });
  await socket.send("to nobody");
  const error = await assertRejects(
    () => socket.receive({ timeout: 5000 }),
    SystemError,
  );
  assertEquals(error.code, "ECONNREFUSED");
  assertEquals((await take(socket, 1))[0]!.id, 0);
  await assertRejects(() => socket.receive({ timeout: 20 }), TimeoutError);
});

Deno.test("timestamping: time stamps that are not read are bounded", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind({ timestamping: { transmit: ["software"] } });
  const to = { address: "127.0.0.1", port: socket.address.port };
  for (let n = 0; n < 5000; n++) {
    await socket.send("x", to);
    // Also reads the error queue, which shares the receive buffer.
    if (n % 100 === 99) await socket.receive({ timeout: 5000 });
  }
  const iterator = socket.transmitTimestamps({ timeout: 1000 });
  let count = 0;
  let last = -1;
  try {
    for await (const { id } of iterator) {
      assert(id > last);
      last = id;
      count++;
    }
  } catch (error) {
    assert(error instanceof TimeoutError);
  }
  assert(count <= 4096, `${count}`);
  assert(count > 0);
});

Deno.test("timestamping: absent unless enabled, and the arguments", async () => {
  await using lab = await UdpLab.open();
  const server = lab.bind({ receiveErrors: true });
  assertEquals(server.options.get("socket", SO_TIMESTAMPING), 0);
  await lab.ask("-w", "1", FOUR[0], String(server.address.port), "q");
  const datagram = await server.receive({ timeout: 5000 });
  assertEquals("timestamps" in datagram, false);
  const plain = lab.bind();
  await assertRejects(
    () => plain.transmitTimestamps().next(),
    ArgumentError,
    "timestamping: false is not enabled on this socket",
  );
  assertThrows(
    () => lab.bind({ timestamping: { transmit: ["wire" as "software"] } }),
    ArgumentError,
    'timestamping.transmit: "wire" is not one of scheduled, software, hardware',
  );
});

Deno.test("transmit time: enabled with its clock, refused without", async () => {
  await using lab = await UdpLab.open();
  const words = (socket: UdpSocket) =>
    new Int32Array(socket.options.get("socket", SO_TXTIME, 8).buffer);
  const plain = lab.bind({ transmitTime: {} });
  // CLOCK_MONOTONIC
  assertEquals([...words(plain)], [1, 0]);
  const tai = lab.bind({
    transmitTime: { clock: "tai", deadline: true, reportErrors: true },
  });
  // CLOCK_TAI, SOF_TXTIME_DEADLINE_MODE | SOF_TXTIME_REPORT_ERRORS
  assertEquals([...words(tai)], [11, 3]);
  assertThrows(
    () => lab.bind({ transmitTime: { clock: "utc" as "tai" } }),
    ArgumentError,
    'transmitTime.clock: "utc" is not one of monotonic, realtime, tai',
  );
  const to = { address: CLIENT.four, port: 9 };
  const transmitTime = BigInt(Math.round(performance.now() * 1e6));
  assertEquals(await plain.send("x", to, { transmitTime }), 1);
  assertEquals(
    await plain.send("x", { address: CLIENT.six, port: 9 }, { transmitTime }),
    1,
  );
  const error = await assertRejects(
    () => lab.bind().send("x", to, { transmitTime }),
    SystemError,
  );
  assertEquals(error.code, "EINVAL");
});

/** Whether this kernel has the queueing discipline fq. */
async function hasFq(): Promise<boolean> {
  await using lab = await UdpLab.open();
  const { code } = await lab.server.output("tc", [
    ..."qdisc add dev wire root fq".split(" "),
  ]);
  return code === 0;
}

Deno.test({
  name: "transmit time: fq sends a datagram at its time",
  ignore: !await hasFq(),
  async fn() {
    await using lab = await UdpLab.open();
    await lab.server.run("tc", "qdisc add dev wire root fq".split(" "));
    const receiver = lab.bind({ receiveTimestamp: true }, "client");
    const socket = lab.bind({ transmitTime: {} });
    const { port } = receiver.address;
    const uptime = Number(
      (await Deno.readTextFile("/proc/uptime")).split(" ")[0],
    );
    const delay = 300;
    const before = now();
    for (const address of [CLIENT.four, CLIENT.six]) {
      const transmitTime = BigInt(Math.round((uptime * 1000 + delay) * 1e6));
      await socket.send("later", { address, port }, { transmitTime });
    }
    for (let n = 0; n < 2; n++) {
      const { timestamp } = await receiver.receive({ timeout: 5000 });
      const waited = Number(timestamp! - before) / 1e6;
      assert(waited >= delay - 50, `${waited} ms`);
    }
  },
});

const ETF = "qdisc add dev wire root etf clockid CLOCK_TAI delta 200000";

/** Whether this kernel has the queueing discipline etf. */
async function hasEtf(): Promise<boolean> {
  await using lab = await UdpLab.open();
  return (await lab.server.output("tc", ETF.split(" "))).code === 0;
}

Deno.test({
  name: "transmit time: etf reports a datagram whose time is over",
  ignore: !await hasEtf(),
  async fn() {
    await using lab = await UdpLab.open();
    // Packets without a time, those of ARP and neighbour discovery, are dropped.
    const [{ address: lladdr }] = await lab.client.json<{ address: string }>(
      "link show dev wire",
    );
    for (const address of [CLIENT.four, CLIENT.six]) {
      await lab.server.ip(
        `neigh replace ${address} lladdr ${lladdr} dev wire nud permanent`,
      );
    }
    await lab.server.run("tc", ETF.split(" "));
    const socket = lab.bind({
      transmitTime: { clock: "tai", reportErrors: true },
    });
    const errors = socket.errors({ timeout: 5000 });
    const transmitTime = 5_000_000_000n;
    for (const address of [CLIENT.four, CLIENT.six]) {
      const next = errors.next();
      await socket.send("late", { address, port: 9 }, { transmitTime });
      const { value } = await next;
      assertEquals([value?.origin, value?.transmitTime], [
        "txtime",
        transmitTime,
      ]);
      // SO_EE_CODE_TXTIME_INVALID_PARAM
      assertEquals(value?.icmpCode, 1);
    }
    await errors.return();
  },
});
