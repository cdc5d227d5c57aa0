// Invalid arguments are rejected before any system call: these tests run
// without the permission to make one.

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { ArgumentError } from "../../../lib/errors.ts";
import type { BindOptions } from "../../../lib/udp/options.ts";
import {
  ReceiveBatch,
  type ReceiveBatchOptions,
} from "../../../lib/udp/receive_batch.ts";
import { SendBatch } from "../../../lib/udp/send_batch.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";

const permissions = { ffi: false, read: false } as const;

const PORT = "is not a whole number from 0 to 65535";
const ADDRESS = "is not an address like 192.0.2.1";

/** Options, and the message they are refused with. */
const BIND: [object, string][] = [
  [{ port: 70000 }, `port: 70000 ${PORT}`],
  [{ port: -1 }, `port: -1 ${PORT}`],
  [{ port: 1.5 }, `port: 1.5 ${PORT}`],
  [{ port: NaN }, `port: NaN ${PORT}`],
  [{ port: "53" }, `port: "53" ${PORT}`],
  [{ address: "1.2.3" }, `address: "1.2.3" ${ADDRESS}`],
  [{ address: "" }, `address: "" ${ADDRESS}`],
  [{ address: "localhost" }, `address: "localhost" ${ADDRESS}`],
  [{ address: "1.2.3.4", family: "ipv6" }, `address: "1.2.3.4" is not an IPv6`],
  [{ address: "::1", family: "ipv4" }, `address: "::1" is not an IPv4`],
  [{ family: "ipx" }, `family: "ipx" is not one of dual, ipv4, ipv6`],
  [{ ttl: 0 }, "ttl: 0 is not a whole number from 1 to 255"],
  [{ ttl: 256 }, "ttl: 256 is not a whole number from 1 to 255"],
  [{ trafficClass: -1 }, "trafficClass: -1 is not"],
  [{ trafficClass: 256 }, "trafficClass: 256 is not"],
  [{ multicastTtl: 256 }, "multicastTtl: 256 is not"],
  [{ mark: 2 ** 32 }, "mark: 4294967296 is not"],
  [{ receiveBuffer: 0 }, "receiveBuffer: 0 is not"],
  [{ receiveBuffer: 2 ** 31 }, "receiveBuffer: 2147483648 is not"],
  [{ sendBuffer: -5 }, "sendBuffer: -5 is not"],
  [{ peer: { address: "x", port: 9 } }, `peer.address: "x" ${ADDRESS}`],
  [{ peer: { address: "::1", port: -9 } }, `peer.port: -9 ${PORT}`],
  [{ priority: -1 }, "priority: -1 is not"],
  [{ busyPoll: 1.5 }, "busyPoll: 1.5 is not"],
  [{ incomingCpu: -1 }, "incomingCpu: -1 is not"],
  [{ pathMtuDiscovery: "yes" }, 'pathMtuDiscovery: "yes" is not one of off,'],
  [{ localPortRange: [2, 1] }, "localPortRange: 1 is not"],
  [{ filter: [] }, 'filter: "0 instructions" is not a program of 1 to 4096'],
  [{ reusePortProgram: { fd: -1 } }, "reusePortProgram.fd: -1 is not"],
  [{ timestamping: { receive: ["x"] } }, 'timestamping.receive: "x" is not'],
  [{ transmitTime: { clock: "x" } }, 'transmitTime.clock: "x" is not one of'],
  [{ addressPreferences: ["x"] }, 'addressPreferences: "x" is not one of'],
  [{ interface: "" }, 'interface: "" is not an interface name'],
  [{ interface: "sixteen-letters-" }, "16 bytes, 15 at most"],
  [{ packetInfo: "both" }, 'packetInfo: "both" is not'],
  [
    { family: "ipv4", packetInfo: "in6_pktinfo" },
    'packetInfo: "in6_pktinfo" is not an option of an ipv4 socket',
  ],
  [
    { address: "::1", packetInfo: "in_pktinfo" },
    'packetInfo: "in_pktinfo" is not an option of an ipv6 socket',
  ],
  [{ namespace: "a/b" }, 'namespace: "a/b" is not a name under /run/netns'],
  [{ namespace: -1 }, "namespace: -1 is not a process number"],
  // The other options are judged before the namespace is entered.
  [{ namespace: "none-such", port: -1 }, `port: -1 ${PORT}`],
];

for (const [options, message] of BIND) {
  Deno.test({
    name: `arguments: bind(${
      Deno.inspect(options, { breakLength: Infinity })
    })`,
    permissions,
    fn() {
      assertThrows(
        () => UdpSocket.bind(options as BindOptions),
        ArgumentError,
        message,
      );
    },
  });
}

Deno.test("arguments: bind() itself needs the permission these tests lack", async () => {
  // In another process: this one has opened libc on import.
  const program = `import { UdpSocket } from "${
    import.meta.resolve("../../../lib/udp/mod.ts")
  }";
UdpSocket.bind();`;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-check", "--no-prompt"],
      `data:text/typescript,${encodeURIComponent(program)}`,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  assertEquals(code, 1);
  assertStringIncludes(new TextDecoder().decode(stderr), "NotCapable");
});

Deno.test({
  name: "arguments: the sizes of batches",
  permissions,
  fn() {
    const cases: ReceiveBatchOptions[] = [
      { size: 0 },
      { size: 1025 },
      { size: 1.5 },
      { bufferSize: 0 },
      { bufferSize: 65536 },
      { controlSize: -1 },
      { controlSize: NaN },
    ];
    for (const options of cases) {
      const [[key, value]] = Object.entries(options);
      const error = assertThrows(
        () => new ReceiveBatch(options),
        ArgumentError,
      );
      assertEquals([error.argument, error.value], [key, value]);
    }
    for (const size of [0, -1, 1025, NaN]) {
      assertThrows(() => new SendBatch(size), ArgumentError, "size: ");
    }
    for (const capacity of [-1, NaN, 0.5]) {
      assertThrows(
        () => new SendBatch(1, capacity),
        ArgumentError,
        "capacity: ",
      );
    }
  },
});
