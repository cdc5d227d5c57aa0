// Waits where poll(2) or the poller's eventfd do not do as they should.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EINTR, ENOMEM, SystemError } from "../../../ffi/errno.ts";
import { POLLIN } from "../../../ffi/layout/poll.ts";
import { BlockingPoll, StopEvent } from "../../../lib/blocking_poll.ts";
import { ClosedError } from "../../../lib/errors.ts";
import { eventfds } from "../../support/descriptors.ts";
import { failing, Faults } from "../../support/faults.ts";
import { SocketPair } from "../../support/socket_pair.ts";
import type { Mishap } from "../operation.ts";

export const waiting: readonly Mishap[] = [
  {
    operation: "every wait of the process",
    fault: "poll: ENOMEM for good",
    outcome: "each ends with a SystemError; waits begun afterwards work",
    async run() {
      await using one = new SocketPair();
      await using two = new SocketPair();
      using faults = new Faults();
      const fault = failing(ENOMEM);
      faults.arm({ call: "poll", times: Infinity, fault });
      const waits = await Promise.allSettled([
        one.a.readable(),
        two.a.readable(),
      ]);
      for (const wait of waits) {
        assert(wait.status === "rejected");
        assert(wait.reason instanceof SystemError);
        const { syscall, code } = wait.reason;
        assertEquals([syscall, code], ["poll", "ENOMEM"]);
      }
      faults.disarm();
      one.b.put();
      assertEquals(await one.a.readable(), POLLIN);
    },
  },
  {
    operation: "closing what is waited on",
    fault: "write to the poller's eventfd: EINTR ten times",
    outcome: "the wait ends with ClosedError all the same",
    async run() {
      await using pair = new SocketPair();
      using faults = new Faults();
      const wait = pair.a.readable();
      await new Promise((resolve) => setTimeout(resolve, 5));
      faults.arm({ call: "poller write", times: 10, fault: failing(EINTR) });
      const closing = pair.a.close();
      await assertRejects(() => wait, ClosedError);
      await closing;
      assertEquals(faults.happened, 10);
    },
  },
  {
    operation: "any wait",
    fault: "read from the poller's eventfd: EINTR",
    outcome: "the next round reads it; poll sleeps again",
    async run() {
      await using one = new SocketPair();
      await using two = new SocketPair();
      const others = eventfds();
      using faults = new Faults();
      const going = one.a.readable({ timeout: 10_000 });
      await new Promise((resolve) => setTimeout(resolve, 5));
      const [mine] = [...eventfds().keys()].filter((fd) => !others.has(fd));
      faults.arm({ call: "poller read", fault: failing(EINTR) });
      // A wait that begins meanwhile interrupts the one that is under way.
      await two.a.readable({ timeout: 20 }).catch(() => {});
      assertEquals(faults.happened, 1);
      for (let turn = 0; eventfds().get(mine) !== "0"; turn++) {
        assert(turn < 1000, "it is never read");
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      one.b.put();
      await going;
    },
  },
  {
    operation: "BlockingPoll.wait",
    fault: "its descriptor was closed, and the number is somebody else's",
    outcome: "ends with ClosedError, before poll",
    async run() {
      await using stop = StopEvent.create();
      const old = new SocketPair(" of old");
      const poll = new BlockingPoll(old.a, stop);
      await old[Symbol.asyncDispose]();
      await using next = new SocketPair(" of next");
      assertEquals(next.a.number, old.a.number);
      next.b.put();
      assertThrows(() => poll.wait("read", 0), ClosedError, "end a of old");
    },
  },
];
