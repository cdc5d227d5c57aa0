// 2018: a netlink receive that close() does not end.
//
// The report came from a configuration manager whose network resource listened
// to rtnetlink notifications and could not be stopped.

import { errno, libc, unwrap } from "../../ffi/libc.ts";
import { errnoName } from "../../ffi/errno.ts";
import { NETLINK_ROUTE, sockaddr_nl } from "../../ffi/uapi/linux_netlink.ts";
import { RTNLGRP_LINK } from "../../ffi/uapi/linux_rtnetlink.ts";
import { EFD_CLOEXEC } from "../../ffi/uapi/poll.ts";
import {
  AF_NETLINK,
  SHUT_RDWR,
  SOCK_CLOEXEC,
  SOCK_RAW,
} from "../../ffi/uapi/sys_socket.ts";
import { bindSocket } from "../../lib/socket/open.ts";
import { NetlinkSubscription } from "../../lib/netlink/mod.ts";
import { BlockedThread } from "./blocked_thread.ts";
import {
  closeText,
  closeWhileWaiting,
  libraryReceiver,
  type Receiver,
} from "./close_while_waiting.ts";
import { runResource } from "./netlink_shutdown_resource.ts";
import type { Observation, Runner, Scenario } from "./runner.ts";
import { TestNetwork } from "./test_network.ts";
import { IMMEDIATE, PENDING, seen, within } from "./waiting.ts";

/** Milliseconds without a notification after which none is due. */
const QUIET = 100;

/** A blocking socket that is notified of links. */
function blockingSocket(network: TestNetwork): number {
  const { socket } = libc();
  const fd = network.enter(() =>
    unwrap(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "socket")
  );
  const name = sockaddr_nl.build({
    nl_family: AF_NETLINK,
    nl_groups: 1 << (RTNLGRP_LINK - 1),
  });
  bindSocket(fd, name, () => ({ tried: "bind a netlink socket" }));
  return fd;
}

function librarySubscription({ namespace }: TestNetwork): Receiver {
  const subscription = NetlinkSubscription.open({
    protocol: NETLINK_ROUTE,
    groups: [RTNLGRP_LINK],
    namespace,
  });
  return libraryReceiver(
    async () => {
      await subscription.readable();
      let messages = 0;
      subscription.drain(() => messages++);
      return messages > 0;
    },
    () => subscription.close(),
  );
}

/** Makes the kernel send notifications. */
async function changeLinks(network: TestNetwork): Promise<void> {
  await network.veth("new0", "new1");
  await network.delete("new0");
}

async function outlivesClose(
  network: TestNetwork,
  runner: Runner,
  call: "recvmsg" | "poll",
): Promise<Observation> {
  const fd = blockingSocket(network);
  await using thread = runner.use(await BlockedThread.start(call, fd));
  const pending = thread.receive();
  await thread.waiting();
  const refused = libc().shutdown(fd, SHUT_RDWR) < 0;
  const shutdown = refused ? errnoName(errno()) : null;
  const outcome = await closeWhileWaiting(thread, pending, PENDING);
  await changeLinks(network);
  const endedByEvent = await seen(() => thread.thread().call !== call);
  return {
    ok: shutdown === "EOPNOTSUPP" && outcome.ended === null && endedByEvent,
    observed: [
      `shutdown() ${shutdown === null ? "succeeds" : `fails: ${shutdown}`}`,
      closeText(outcome, PENDING),
      `the next notification ${endedByEvent ? "ends" : "does not end"} it`,
    ].join("; "),
    measured: { ...outcome, shutdown, endedByEvent },
  };
}

async function endsByEventfd(
  network: TestNetwork,
  runner: Runner,
): Promise<Observation> {
  const fd = blockingSocket(network);
  const eventfd = unwrap(libc().eventfd(0, EFD_CLOEXEC), "eventfd");
  await using thread = runner.use(
    await BlockedThread.start("poll", fd, { eventfd }),
  );
  const pending = thread.receive();
  await thread.waiting();
  const outcome = await closeWhileWaiting(thread, pending, IMMEDIATE);
  return {
    ok: outcome.ended !== null,
    observed: closeText(outcome, IMMEDIATE),
    measured: { ...outcome },
  };
}

async function subscriptionEnds(
  network: TestNetwork,
  runner: Runner,
): Promise<Observation> {
  await using receiver = runner.use(
    runner.fault === "blocking-receive"
      ? await BlockedThread.start("recvmsg", blockingSocket(network))
      : librarySubscription(network),
  );
  let pending = receiver.receive();
  await receiver.waiting();
  await changeLinks(network);
  let events = 0;
  while (await within(pending, QUIET) !== null) {
    events++;
    pending = receiver.receive();
  }
  await receiver.waiting();
  const outcome = await closeWhileWaiting(receiver, pending, IMMEDIATE);
  return {
    ok: events > 0 && outcome.ended !== null,
    observed: closeText(outcome, IMMEDIATE),
    measured: { ...outcome, events },
  };
}

async function run(runner: Runner): Promise<void> {
  const network = await runner.setup(
    "a network namespace",
    async () => runner.use(await TestNetwork.create()),
  );
  for (const call of ["recvmsg", "poll"] as const) {
    await runner.problem(
      `a thread blocks in ${call}() on a netlink socket; another thread calls ` +
        "shutdown(), then close()",
      "shutdown() fails, the receive stays pending after close(), and only the " +
        "next notification ends it",
      () => outlivesClose(network, runner, call),
    );
  }
  await runner.fix(
    "a thread blocks in poll() on the socket and an eventfd; another thread " +
      "writes to the eventfd",
    "the wait ends immediately; the reactor of the library uses this",
    () => endsByEventfd(network, runner),
  );
  await runner.fix(
    "a NetlinkSubscription waits for notifications; close()",
    "the wait ends immediately",
    () => subscriptionEnds(network, runner),
  );
  await runResource(runner);
}

export const netlinkShutdown: Scenario = {
  name: "netlink-shutdown",
  year: 2018,
  program: "a configuration manager",
  title: "a netlink receive that cannot be stopped",
  report:
    "A resource that keeps a network interface as configured listened to " +
    "rtnetlink notifications. Neither close() nor shutdown() ended its receive: " +
    "it hung until the next notification.",
  faults: [{
    name: "blocking-receive",
    summary: "receive with a blocking recvmsg() instead of NetlinkSubscription",
  }, {
    name: "set-up-once",
    summary: "apply the configuration once, without a reconcile loop",
  }],
  run,
};
