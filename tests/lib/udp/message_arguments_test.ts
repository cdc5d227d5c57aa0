// Invalid messages are rejected with a clear error and not sent.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ArgumentError } from "../../../lib/errors.ts";
import type { Message } from "../../../lib/udp/message.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

const PORT = "is not a whole number from 0 to 65535";

/** What is wrong with a message, and the words for it. */
const CASES: [object, string][] = [
  [{ to: { address: "1.2.3", port: 9 } }, 'address: "1.2.3" is not'],
  [{ to: { address: CLIENT.four, port: 65536 } }, `port: 65536 ${PORT}`],
  [{ to: { address: CLIENT.four, port: 0.5 } }, `port: 0.5 ${PORT}`],
  [
    { to: { address: "fe80::1", port: 9, scope: -1 } },
    "interface: -1 is not a whole number",
  ],
  [{ source: "here" }, 'source: "here" is not'],
  [
    { source: SIX[0] },
    `source: "${SIX[0]}" is not an IPv4 address, as the destination is`,
  ],
  [
    { to: { address: CLIENT.six, port: 9 }, source: FOUR[0] },
    `source: "${FOUR[0]}" is not an IPv6 address, as the destination is`,
  ],
  [{ interface: -1 }, "interface: -1 is not"],
  [{ interface: 1.5 }, "interface: 1.5 is not"],
  [{ interface: 2 ** 31 }, "interface: 2147483648 is not"],
  [{ interface: "99999999999" }, "interface: 99999999999 is not"],
  [{ interface: "no/name" }, 'interface: "no/name" is not an interface name'],
  [{ ttl: 0 }, "ttl: 0 is not a whole number from 1 to 255"],
  [{ ttl: 256 }, "ttl: 256 is not"],
  [{ trafficClass: 256 }, "trafficClass: 256 is not"],
  [{ segmentSize: 0 }, "segmentSize: 0 is not"],
  [{ segmentSize: NaN }, "segmentSize: NaN is not"],
  [{ segmentSize: 65536 }, "segmentSize: 65536 is not"],
  [{ data: new Uint8Array(65536) }, "65536 bytes"],
];

Deno.test("arguments: messages that cannot be sent", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind();
  const { port, heard } = await lab.hear(["0.0.0.0", "0"]);
  const to = { address: CLIENT.four, port };
  for (const [wrong, words] of CASES) {
    const message: Message = { data: "wrong", to, ...wrong };
    const { sent, failures } = await socket.sendMany([message]);
    assertEquals([sent, failures.length], [0, 1]);
    assert(failures[0].error instanceof ArgumentError);
    assert(failures[0].error.message.includes(words));
    const { data, to: peer, ...options } = message;
    await assertRejects(
      () => socket.send(data, peer, options),
      ArgumentError,
      words,
    );
  }
  await assertRejects(
    () => socket.send("wrong", to, { timeout: NaN }),
    ArgumentError,
    "timeout: NaN is not a number of milliseconds",
  );
  await socket.send("right", to);
  assertEquals(
    (await heard()).endsWith("right"),
    true,
    "and nothing before it",
  );
});

Deno.test("arguments: an address of an IP version the socket does not speak", async () => {
  await using lab = await UdpLab.open();
  const four = lab.bind({ family: "ipv4" });
  const six = lab.bind({ family: "ipv6" });
  await assertRejects(
    () => four.send("x", { address: CLIENT.six, port: 9 }),
    ArgumentError,
    `"${CLIENT.six}" is not an IPv4 address, and this is an IPv4 socket`,
  );
  for (const address of [CLIENT.four, `::ffff:${CLIENT.four}`]) {
    await assertRejects(
      () => six.send("x", { address, port: 9 }),
      ArgumentError,
      `"${address}" is not an IPv6 address, and this is an IPv6 socket`,
    );
  }
});
