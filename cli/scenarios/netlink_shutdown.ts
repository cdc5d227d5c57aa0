// 2018: a netlink receive that no close() ends.
//
// The report came from a configuration manager whose network resource listened
// to the kernel and could not be stopped.

import { RTNLGRP_LINK } from "../../ffi/uapi/linux_rtnetlink.ts";
import { NETLINK_ROUTE } from "../../ffi/uapi/linux_netlink.ts";
import { ClosedError } from "../../lib/errors.ts";
import { NetlinkSubscription } from "../../lib/netlink/subscription.ts";
import {
  blocking,
  closeUnder,
  describeClosing,
  polling,
  type Waiter,
} from "./stage/closing.ts";
import { playResource } from "./netlink_shutdown_resource.ts";
import { Scene } from "./stage/scene.ts";
import { AT_ONCE, PATIENCE, seen, within } from "./stage/patience.ts";
import type { Scenario } from "./stage/scenario.ts";
import type { Observation, Stage } from "./stage/stage.ts";

/** Milliseconds without an event after which those that are due have come. */
const A_WHILE = 100;

function netplumb({ namespace }: Scene): Waiter {
  const subscription = NetlinkSubscription.open({
    protocol: NETLINK_ROUTE,
    groups: [RTNLGRP_LINK],
    namespace,
  });
  return {
    ...polling,
    async receive() {
      try {
        await subscription.readable();
        let events = 0;
        subscription.drain(() => events++);
        return events > 0;
      } catch (error) {
        if (error instanceof ClosedError) return false;
        throw error;
      }
    },
    close: () => subscription.close(),
    [Symbol.asyncDispose]: () => subscription.close(),
  };
}

/** Makes the kernel tell of a link. */
async function stir(network: Scene): Promise<void> {
  await network.veth("stir0", "stir1");
  await network.delete("stir0");
}

async function goesOn(
  network: Scene,
  stage: Stage,
  call: "recvmsg" | "poll",
): Promise<Observation> {
  await using waiter = stage.use(
    await blocking(network, { kind: "netlink", call }),
  );
  const pending = waiter.receive();
  await waiter.waiting();
  // Refused, it leaves close() to do what it can.
  const refused = await waiter.blocker.tell("shutdown");
  const outcome = await closeUnder(waiter, pending, PATIENCE);
  await stir(network);
  const taken = await seen(() => waiter.where()?.call !== call);
  return {
    held: refused === "EOPNOTSUPP" && outcome.ended === null && taken,
    happened: [
      `shutdown() gives ${refused ?? "no error"}`,
      describeClosing(outcome, PATIENCE),
      `the next event ${taken ? "ends it" : "does not end it either"}`,
    ].join("; "),
    measured: { ...outcome, shutdown: refused ?? null, endedByEvent: taken },
  };
}

async function second(network: Scene, stage: Stage): Promise<Observation> {
  await using waiter = stage.use(
    await blocking(
      network,
      { kind: "netlink", call: "poll with a second descriptor" },
      ["wake", "close"],
    ),
  );
  const pending = waiter.receive();
  await waiter.waiting();
  const outcome = await closeUnder(waiter, pending, AT_ONCE);
  return {
    held: outcome.ended !== null,
    happened: describeClosing(outcome, AT_ONCE),
    measured: { ...outcome },
  };
}

async function subscription(
  network: Scene,
  stage: Stage,
): Promise<Observation> {
  await using waiter = stage.use(
    stage.fault === "blocking-receive"
      ? await blocking(network, { kind: "netlink", call: "recvmsg" })
      : netplumb(network),
  );
  let pending = waiter.receive();
  await waiter.waiting();
  await stir(network);
  let events = 0;
  while ((await within(pending, A_WHILE)).ended) {
    events++;
    pending = waiter.receive();
  }
  await waiter.waiting();
  const outcome = await closeUnder(waiter, pending, AT_ONCE);
  return {
    held: events > 0 && outcome.ended !== null,
    happened: describeClosing(outcome, AT_ONCE),
    measured: { ...outcome, events },
  };
}

async function play(stage: Stage): Promise<void> {
  const network = await stage.setup(
    "a network of its own",
    async () => stage.use(await Scene.create()),
  );
  for (const call of ["recvmsg", "poll"] as const) {
    await stage.trap(
      `${call}() blocks in a thread on a socket that listens to links; ` +
        "another thread calls shutdown(), then close()",
      "shutdown() is refused, the wait goes on after close(), and only the " +
        "next event ends it",
      () => goesOn(network, stage, call),
    );
  }
  await stage.cure(
    "poll() blocks on the socket and on an eventfd; another thread writes to " +
      "the eventfd",
    "the wait is over at once: what the library's poller does",
    () => second(network, stage),
  );
  await stage.cure(
    "a NetlinkSubscription waits for events of links; close()",
    "the wait is over at once",
    () => subscription(network, stage),
  );
  await playResource(stage);
}

export const netlinkShutdown: Scenario = {
  name: "netlink-shutdown",
  year: 2018,
  who: "a configuration manager",
  title: "a netlink receive that cannot be stopped",
  story:
    "A resource that keeps a network interface as configured listened to the " +
    "kernel's events. When it was to stop, neither close() nor shutdown() " +
    "ended its receive; it hung until the next event.",
  faults: [{
    name: "blocking-receive",
    summary: "receive with a blocking recvmsg() instead of NetlinkSubscription",
  }, {
    name: "set-up-once",
    summary: "set the device up as described, and do not keep it so",
  }],
  play,
};
