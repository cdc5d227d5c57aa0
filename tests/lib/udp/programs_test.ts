// BPF programs of a socket: filters, and those that select the socket of a
// SO_REUSEPORT group, classic and eBPF; SO_INCOMING_CPU.

import { assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import { libc } from "../../../ffi/libc.ts";
import { ArgumentError } from "../../../lib/errors.ts";
import type { FilterInstruction } from "../../../lib/socket/filter.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import type { UdpSocket } from "../../../lib/udp/socket.ts";
import { loadFilter } from "../../support/ebpf.ts";
import { CLIENT, FOUR, SIX, UdpLab } from "../../support/udp_lab.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Accepts datagrams whose payload, behind the UDP header, begins with a letter. */
const beginsWith = (letter: string): FilterInstruction[] => [
  [0x30, 0, 0, 8],
  [0x15, 0, 1, letter.charCodeAt(0)],
  [0x06, 0, 0, 0xffffffff],
  [0x06, 0, 0, 0],
];

/** Selects the socket whose index is the first digit of the payload. */
const BY_DIGIT: FilterInstruction[] = [
  [0x30, 0, 0, 0],
  [0x14, 0, 0, "0".charCodeAt(0)],
  [0x16, 0, 0, 0],
];

/** What has arrived, of each socket. */
function arrived(sockets: readonly UdpSocket[]): string[][] {
  const batch = new ReceiveBatch({ size: 256 });
  return sockets.map((socket) => {
    const count = socket.tryReceiveMany(batch);
    return Array.from({ length: count }, (_, slot) => text(batch.data(slot)));
  });
}

Deno.test("filter: attached by bind(), replaced and removed by the options", async () => {
  await using lab = await UdpLab.open();
  const socket = lab.bind({ filter: beginsWith("a") });
  const port = String(socket.address.port);
  const send = async () => {
    for (const address of [FOUR[1], SIX[1]]) {
      for (const word of ["a", "b"]) {
        await lab.ask("-w", "1", address!, port, word);
      }
    }
  };
  await send();
  assertEquals(arrived([socket]), [["a", "a"]]);
  socket.options.setFilter(beginsWith("b"));
  await send();
  assertEquals(arrived([socket]), [["b", "b"]]);
  const none = loadFilter(0);
  socket.options.setFilter({ fd: none });
  libc().close(none);
  await send();
  assertEquals(arrived([socket]), [[]]);
  socket.options.setFilter(undefined);
  await send();
  assertEquals(arrived([socket]), [["a", "b", "a", "b"]]);
  const error = assertThrows(
    () => socket.options.setFilter(undefined),
    SystemError,
  );
  assertEquals(error.code, "ENOENT");
});

Deno.test("reusePortProgram: a classic program selects the socket of the group", async () => {
  await using lab = await UdpLab.open();
  const first = lab.bind({ reusePort: true, reusePortProgram: BY_DIGIT });
  const { port } = first.address;
  const group = [
    first,
    ...[1, 2].map(() => lab.bind({ reusePort: true, port })),
  ];
  for (const address of [FOUR[1], SIX[1]]) {
    for (const word of ["2 x", "0 y", "1 z"]) {
      await lab.ask("-w", "1", address!, String(port), word);
    }
    assertEquals(arrived(group), [["0 y"], ["1 z"], ["2 x"]]);
  }
  const program = loadFilter(1);
  group[2]!.options.setReusePortProgram({ fd: program });
  libc().close(program);
  await lab.ask("-w", "1", FOUR[1]!, String(port), "2 x");
  assertEquals(arrived(group), [[], ["2 x"], []]);
  group[0]!.options.setReusePortProgram(undefined);
  const error = assertThrows(
    () => group[0]!.options.setReusePortProgram(undefined),
    SystemError,
  );
  assertEquals(error.code, "ENOENT");
});

Deno.test("programs: what cannot be attached", async () => {
  await using lab = await UdpLab.open();
  const alone = assertThrows(
    () => lab.bind({ reusePortProgram: BY_DIGIT }),
    SystemError,
  );
  assertEquals([alone.code, alone.tried], [
    "EINVAL",
    "attach a SO_REUSEPORT program of 3 instructions",
  ]);
  const invalid = assertThrows(
    () => lab.bind({ filter: [[0xffff, 0, 0, 0]] }),
    SystemError,
  );
  assertEquals(invalid.code, "EINVAL");
  const absent = assertThrows(
    () => lab.bind({ filter: { fd: 1_000_000 } }),
    SystemError,
  );
  assertEquals([absent.code, absent.tried], [
    "EBADF",
    "attach a filter, the eBPF program of descriptor 1000000",
  ]);
  assertThrows(
    () => lab.bind({ filter: [] }),
    ArgumentError,
    'filter: "0 instructions" is not a program of 1 to 4096 instructions',
  );
  assertThrows(
    () => lab.bind().options.setFilter({ fd: -1 }),
    ArgumentError,
    "program.fd: -1 is not",
  );
});

Deno.test("incomingCpu: set and read; the CPU of the last datagram while it is not set", async () => {
  await using lab = await UdpLab.open();
  const client = lab.bind({}, "client");
  const { port } = client.address;
  const socket = lab.bind({ peer: { address: CLIENT.four, port } });
  assertEquals(socket.options.incomingCpu, -1);
  await client.send("q", socket.address);
  await socket.receive({ timeout: 5000 });
  const { incomingCpu } = socket.options;
  assertEquals(incomingCpu >= 0 && incomingCpu < 1024, true);
  const pinned = lab.bind({ incomingCpu: 1 });
  assertEquals(pinned.options.incomingCpu, 1);
  pinned.options.incomingCpu = 0;
  assertEquals(pinned.options.incomingCpu, 0);
});
