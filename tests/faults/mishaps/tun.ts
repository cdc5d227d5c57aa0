// TUN: packets taken or given in part, and queues that never get anywhere. A
// queue keeps the functions that it was made with: the faults are there before.

import { assertEquals, assertRejects } from "@std/assert";
import { EAGAIN, SystemError } from "../../../ffi/errno.ts";
import { TimeoutError } from "../../../lib/errors.ts";
import { PacketRejectedError } from "../../../lib/tun/errors.ts";
import { udpPayload } from "../../support/tun.ts";
import { failing, Faults } from "../../support/faults.ts";
import type { FaultCase } from "../operation.ts";
import { Device } from "../operations/tun.ts";

export const tun: readonly FaultCase[] = [
  {
    operation: "Tun.read, readMany",
    fault: "read returns 0 bytes although poll reports a packet",
    outcome: "retried: the packet is received, and no empty one",
    async run() {
      using faults = new Faults();
      await using device = await Device.up("a");
      faults.arm({ call: "read", times: 3, fault: () => 0 });
      const packet = await device.tun.read({ timeout: 5000 });
      assertEquals([udpPayload(packet), faults.happened], ["a", 3]);
    },
  },
  {
    operation: "Tun.read, readMany",
    fault: "read: EAGAIN permanently although poll reports a packet",
    outcome: "the timeout ends it",
    async run() {
      using faults = new Faults();
      await using device = await Device.up("a");
      faults.arm({ call: "read", times: Infinity, fault: failing(EAGAIN) });
      await assertRejects(() => device.tun.read({ timeout: 20 }), TimeoutError);
      faults.disarm();
      assertEquals(udpPayload(await device.tun.read()), "a");
    },
  },
  {
    operation: "Tun.write, writeMany",
    fault: "write: EAGAIN permanently although poll reports POLLOUT",
    outcome: "the timeout ends it",
    async run() {
      using faults = new Faults();
      await using device = await Device.up();
      faults.arm({ call: "write", times: Infinity, fault: failing(EAGAIN) });
      const packet = device.packet("a");
      await assertRejects(
        () => device.tun.write(packet, { timeout: 20 }),
        TimeoutError,
      );
      faults.disarm();
      await device.arrived();
    },
  },
  {
    operation: "Tun.writeMany",
    fault: "write accepts a part of the second of three packets",
    outcome: "reports that packet with EMSGSIZE; the others arrive",
    async run() {
      using faults = new Faults();
      await using device = await Device.up();
      for (const text of ["a", "b", "c"]) {
        device.batch.push(device.packet(text));
      }
      faults.arm({ call: "write", nth: 2, fault: () => 20 });
      const rejected: PacketRejectedError[] = [];
      await device.tun.writeMany(device.batch, {
        onRejected: (error) => rejected.push(error),
      });
      assertEquals(rejected.map(({ index, code }) => [index, code]), [
        [1, "EMSGSIZE"],
      ]);
      await device.arrived("a", "c");
    },
  },
  {
    operation: "Tun.write",
    fault: "write accepts a part of the packet",
    outcome: "throws PacketRejectedError, EMSGSIZE",
    async run() {
      using faults = new Faults();
      await using device = await Device.up();
      faults.arm({ call: "write", fault: () => 20 });
      const error = await assertRejects(
        () => device.tun.write(device.packet("a")),
        SystemError,
      );
      assertEquals([error instanceof PacketRejectedError, error.code], [
        true,
        "EMSGSIZE",
      ]);
    },
  },
];
