// Netlink: answers that end badly, without end, or not at all.

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  EINTR,
  ENOBUFS,
  ENOMEM,
  EOPNOTSUPP,
  SystemError,
} from "../../../ffi/errno.ts";
import {
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
} from "../../../ffi/uapi/linux_netlink.ts";
import { TimeoutError } from "../../../lib/errors.ts";
import {
  DumpInterruptedError,
  NetlinkError,
} from "../../../lib/netlink/errors.ts";
import { RouteSocket } from "../../../lib/rtnetlink/socket.ts";
import { failing, type Fault, Faults } from "../../support/faults.ts";
import type { FaultCase } from "../operation.ts";
import { elsewhere } from "../operations/namespace.ts";
import { Watched } from "../operations/netlink.ts";

const open = () => RouteSocket.open({ namespace: elsewhere() });

/** Changes each message of what was received; `at` is where its header is. */
function changed(
  change: (view: DataView, at: number, type: number) => void,
): Fault {
  return (call, args) => {
    const length = call();
    const bytes = args[1] as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (let at = 0; at < length;) {
      change(view, at, view.getUint16(at + 4, true));
      at += (view.getUint32(at, true) + 3) & ~3;
    }
    return length;
  };
}

/** NLMSG_DONE with an error number in it. */
const doneWith = (code: number): Fault =>
  changed((view, at, type) => {
    if (type === NLMSG_DONE) view.setInt32(at + 16, -code, true);
  });

/** Everything that can be received is received, and lost. */
const lost = (code: number): Fault => (call, args) => {
  while (call() >= 0);
  return failing(code)(call, args);
};

/** Links are shown as they are, after all that went wrong. */
async function works(socket: RouteSocket): Promise<void> {
  const links = await socket.links({ timeout: 5000 });
  assertEquals(links.map(({ name }) => name).includes("lo"), true);
}

export const netlink: readonly FaultCase[] = [
  {
    operation: "NetlinkConnection.dump",
    fault: "NLMSG_DONE has the error EOPNOTSUPP",
    outcome: "throws a NetlinkError with that errno; the next call works",
    async run() {
      await using socket = open();
      using faults = new Faults();
      const fault = doneWith(EOPNOTSUPP);
      faults.arm({ call: "recvfrom", times: Infinity, fault });
      const error = await assertRejects(() => socket.links(), NetlinkError);
      assertEquals(error.code, "EOPNOTSUPP");
      faults.disarm();
      await works(socket);
    },
  },
  {
    operation: "NetlinkConnection.dump",
    fault: "NLMSG_DONE has the error EINTR, twice",
    outcome: "retried, as after an interrupted dump",
    async run() {
      await using socket = open();
      using faults = new Faults();
      let done = 0;
      const fault = changed((view, at, type) => {
        if (type === NLMSG_DONE && ++done <= 2) {
          view.setInt32(at + 16, -EINTR, true);
        }
      });
      faults.arm({ call: "recvfrom", times: Infinity, fault });
      const links = await socket.links();
      assertEquals([links.attempts, links.interrupted], [3, false]);
    },
  },
  {
    operation: "NetlinkConnection.dump",
    fault: "NLM_F_DUMP_INTR is set in every attempt",
    outcome:
      "throws DumpInterruptedError after ten attempts; with `partial` returns the objects, marked as interrupted",
    async run() {
      await using socket = open();
      using faults = new Faults();
      const fault = changed((view, at) =>
        view.setUint16(
          at + 6,
          view.getUint16(at + 6, true) | NLM_F_DUMP_INTR,
          true,
        )
      );
      faults.arm({ call: "recvfrom", times: Infinity, fault });
      const error = await assertRejects(
        () => socket.links({ attempts: 3 }),
        DumpInterruptedError,
      );
      assertEquals(error.attempts, 3);
      assert(error.partial.length > 0);
      const partial = await socket.links({ onInterrupt: "partial" });
      assertEquals(partial.interrupted, true);
      faults.disarm();
      await works(socket);
    },
  },
  {
    operation: "NetlinkConnection.dump",
    fault: "a dump never ends",
    outcome: "timeout and signal end it; the next call works",
    async run() {
      await using socket = open();
      using faults = new Faults();
      const fault = changed((view, at, type) => {
        // A message that means nothing in the place of the end, again and again.
        if (type === NLMSG_DONE) view.setUint16(at + 4, 1, true);
      });
      let datagram: Uint8Array | undefined;
      const endless: Fault = (call, args) => {
        const bytes = args[1] as Uint8Array;
        if (datagram === undefined) {
          datagram = bytes.slice(0, fault(call, args));
        } else bytes.set(datagram);
        return datagram.length;
      };
      faults.arm({ call: "recvfrom", times: Infinity, fault: endless });
      await assertRejects(() => socket.links({ timeout: 30 }), TimeoutError);
      const controller = new AbortController();
      const pending = socket.links({ signal: controller.signal });
      setTimeout(() => controller.abort(new RangeError("enough")), 5);
      await assertRejects(() => pending, RangeError);
      faults.disarm();
      await works(socket);
    },
  },
  {
    operation: "NetlinkConnection.dump",
    fault: "recvfrom: ENOBUFS, and the end of the dump is lost",
    outcome: "throws a SystemError; the next call works without a delay",
    async run() {
      await using socket = open();
      using faults = new Faults();
      faults.arm({ call: "recvfrom", fault: lost(ENOBUFS) });
      const error = await assertRejects(() => socket.links(), SystemError);
      assertEquals([error.syscall, error.code], ["recvfrom", "ENOBUFS"]);
      await works(socket);
    },
  },
  {
    operation: "NetlinkConnection.request, requestMany",
    fault: "recvfrom: ENOBUFS, and the reply is lost",
    outcome: "throws a SystemError; the next call gets its own reply",
    async run() {
      await using socket = open();
      using faults = new Faults();
      faults.arm({ call: "recvfrom", fault: lost(ENOBUFS) });
      await assertRejects(() => socket.link("lo"), SystemError);
      assertEquals((await socket.link("lo")).name, "lo");
    },
  },
  {
    operation: "NetlinkConnection.request",
    fault: "no reply arrives",
    outcome: "the timeout ends it; the late reply is discarded",
    async run() {
      await using socket = open();
      using faults = new Faults();
      const none = failing(11);
      faults.arm({ call: "recvfrom", times: Infinity, fault: none });
      const late = () => socket.link("lo", { timeout: 20 });
      await assertRejects(late, TimeoutError);
      faults.disarm();
      assertEquals((await socket.link(1)).name, "lo");
      assert(socket.counters.foreignSequence > 0);
    },
  },
  {
    operation: "Monitor.receive",
    fault: "recvmmsg: ENOBUFS five times in a row",
    outcome:
      "reports the overrun and reads the state again; the state is then correct",
    async run() {
      await using watched = await Watched.open();
      using faults = new Faults();
      faults.arm({ call: "recvmmsg", times: 5, fault: failing(ENOBUFS) });
      const reported = await watched.until("resynchronised");
      assertEquals(reported.includes("overrun"), true);
      assertEquals(watched.known, 1);
    },
  },
  {
    operation: "Monitor.receive",
    fault: "recvfrom: ENOMEM during resynchronization after an overrun",
    outcome:
      "throws a SystemError; the next call reads the state again, which is then correct",
    async run() {
      await using watched = await Watched.open();
      using faults = new Faults();
      faults.arm({ call: "recvmmsg", fault: lost(ENOBUFS) });
      await watched.until("overrun");
      faults.arm({ call: "recvfrom", fault: failing(ENOMEM) });
      const error = await assertRejects(
        () => watched.until("resynchronised"),
        SystemError,
      );
      assertEquals(error.code, "ENOMEM");
      await watched.until("resynchronised");
      assertEquals(watched.known, 1);
    },
  },
];
