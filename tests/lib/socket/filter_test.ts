// Filters on a UDP socket: the kernel drops what they return 0 for.

import { assertEquals, assertThrows } from "@std/assert";
import { SystemError } from "../../../ffi/errno.ts";
import {
  attachFilter,
  detachFilter,
  type FilterInstruction,
} from "../../../lib/socket/filter.ts";
import { ReceiveBatch } from "../../../lib/udp/receive_batch.ts";
import { UdpSocket } from "../../../lib/udp/socket.ts";
import "../../support/descriptors.ts";

// linux/bpf_common.h: BPF_LD|BPF_B|BPF_ABS, BPF_JMP|BPF_JEQ|BPF_K, BPF_RET|BPF_K
const [LOAD_BYTE, JUMP_EQUAL, RETURN] = [0x30, 0x15, 0x06];
/** The payload behind the UDP header, where a filter begins to read. */
const PAYLOAD = 8;

/** Accepts datagrams that begin with a byte. */
const beginsWith = (byte: number): FilterInstruction[] => [
  [LOAD_BYTE, 0, 0, PAYLOAD],
  [JUMP_EQUAL, 0, 1, byte],
  [RETURN, 0, 0, 0xffffffff],
  [RETURN, 0, 0, 0],
];

Deno.test("filter: only accepted datagrams are received, until it is detached", async () => {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  await using client = UdpSocket.bind({ address: "127.0.0.1" });
  const { fd } = socket.handle;
  const batch = new ReceiveBatch();
  // On loopback a datagram is queued before send returns.
  const received = async () => {
    for (const data of ["a1", "b1", "a2"]) {
      await client.send(data, socket.address);
    }
    socket.tryReceiveMany(batch);
    return Array.from(
      { length: batch.count },
      (_, slot) => new TextDecoder().decode(batch.data(slot)),
    );
  };
  attachFilter(fd, beginsWith(0x61));
  assertEquals(await received(), ["a1", "a2"]);
  attachFilter(fd, beginsWith(0x62));
  assertEquals(await received(), ["b1"]);
  detachFilter(fd);
  assertEquals(await received(), ["a1", "b1", "a2"]);
});

Deno.test("filter: the kernel refuses invalid programs", async () => {
  await using socket = UdpSocket.bind({ address: "127.0.0.1" });
  const { fd } = socket.handle;
  const refused = (attempt: () => void) => {
    const error = assertThrows(attempt, SystemError);
    return [error.code, error.tried];
  };
  assertEquals(refused(() => attachFilter(fd, [])), [
    "EINVAL",
    "attach a filter of 0 instructions",
  ]);
  // It does not end with a return.
  assertEquals(refused(() => attachFilter(fd, [[LOAD_BYTE, 0, 0, 0]])), [
    "EINVAL",
    "attach a filter of 1 instructions",
  ]);
  assertEquals(refused(() => detachFilter(fd)), [
    "ENOENT",
    "set SO_DETACH_FILTER",
  ]);
});
