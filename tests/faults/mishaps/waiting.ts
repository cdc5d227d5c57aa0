// Waits where the reactor's own system calls fail.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { EINTR, ENOMEM, SystemError } from "../../../ffi/errno.ts";
import { POLLIN } from "../../../ffi/uapi/poll.ts";
import { BlockingPoll, StopEvent } from "../../../lib/io/blocking_poll.ts";
import { ClosedError } from "../../../lib/errors.ts";
import { failing, Faults } from "../../support/faults.ts";
import { SocketPair } from "../../support/socket_pair.ts";
import type { FaultCase } from "../operation.ts";

export const waiting: readonly FaultCase[] = [
  {
    operation: "all waits of the process",
    fault: "epoll_wait: ENOMEM permanently",
    outcome: "each throws a SystemError; later waits work",
    async run() {
      await using one = new SocketPair();
      await using two = new SocketPair();
      using faults = new Faults();
      const fault = failing(ENOMEM);
      faults.arm({ call: "epoll_wait", times: Infinity, fault });
      const waits = await Promise.allSettled([
        one.a.readable(),
        two.a.readable(),
      ]);
      for (const wait of waits) {
        assert(wait.status === "rejected");
        assert(wait.reason instanceof SystemError);
        const { syscall, code } = wait.reason;
        assertEquals([syscall, code], ["epoll_wait", "ENOMEM"]);
      }
      faults.disarm();
      one.b.put();
      assertEquals(await one.a.readable(), POLLIN);
    },
  },
  {
    operation: "close() during a wait",
    fault: "write to the reactor's eventfd: EINTR ten times",
    outcome: "the wait ends with ClosedError",
    async run() {
      await using pair = new SocketPair();
      using faults = new Faults();
      const wait = pair.a.readable();
      await new Promise((resolve) => setTimeout(resolve, 5));
      faults.arm({ call: "eventfd write", times: 10, fault: failing(EINTR) });
      const closing = pair.a.close();
      await assertRejects(() => wait, ClosedError);
      await closing;
      assertEquals(faults.happened, 10);
    },
  },
  {
    operation: "all waits of the process",
    fault: "poll, in which the reactor sleeps: ENOMEM",
    outcome: "each throws a SystemError; later waits work",
    async run() {
      await using pair = new SocketPair();
      using faults = new Faults();
      const fault = failing(ENOMEM);
      faults.arm({ call: "poll", times: Infinity, fault });
      const error = await assertRejects(() => pair.a.readable(), SystemError);
      assertEquals([error.syscall, error.code], ["poll", "ENOMEM"]);
      faults.disarm();
      pair.b.put();
      assertEquals(await pair.a.readable(), POLLIN);
    },
  },
  {
    operation: "BlockingPoll.wait",
    fault: "the descriptor was closed, and its number is reused",
    outcome: "throws ClosedError, before poll",
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
