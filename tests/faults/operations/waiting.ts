// Waits, and the descriptors that are waited on.

import { assertEquals } from "@std/assert";
import { POLLIN } from "../../../ffi/uapi/poll.ts";
import { BlockingPoll, StopEvent } from "../../../lib/io/blocking_poll.ts";
import { SocketPair } from "../../support/socket_pair.ts";
import { Made, op, type Operation } from "../operation.ts";

/** A pair with something to read at one end. */
class Ready extends SocketPair {
  readonly stop = StopEvent.create();

  constructor() {
    super();
    this.b.put();
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.stop.close();
    await super[Symbol.asyncDispose]();
  }
}

export const waiting: readonly Operation[] = [
  op({
    name: "any wait",
    prepare: () => new Ready(),
    act: ({ a }) => a.readable({ timeout: 5000 }),
    check: (events) => assertEquals(events, POLLIN),
    outcomes: {
      epoll_ctl: "error",
      epoll_wait: { EINTR: "retried", others: "error" },
    },
  }),
  op({
    name: "BlockingPoll.wait",
    prepare: () => new Ready(),
    act: ({ a, stop }) => new BlockingPoll(a, stop).wait("read", 5000),
    check: (woken) => assertEquals(woken, "ready"),
    outcomes: { poll: { EINTR: "would block", others: "error" } },
  }),
  op({
    name: "StopEvent.create",
    prepare: () => new Made<StopEvent>(),
    act: (made) => made.keep(StopEvent.create()),
    check: (stop) => stop.set(),
    outcomes: { eventfd: "error" },
  }),
  op({
    name: "StopEvent.set",
    prepare: () => new Ready(),
    act: ({ stop }) => stop.set(),
    check(_, { a, stop }) {
      assertEquals(new BlockingPoll(a, stop).wait("read"), "stopped");
    },
    outcomes: { "eventfd write": { EINTR: "retried", others: "error" } },
  }),
];
