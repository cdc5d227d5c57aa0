// A worker that waits in one way or all, for end_workers.ts.

/// <reference lib="deno.worker" />

import {
  Monitor,
  NetlinkSubscription,
  PacketBatch,
  ReceiveBatch,
  StopEvent,
  type StopEventHandle,
  Tun,
  TunQueue,
  type TunQueueHandle,
  UdpSocket,
  type UdpSocketHandle,
} from "../../../../mod.ts";

/** What waits where. */
export interface WaitingOrders {
  readonly kind: string;
  /** Whether to report while the waits begin, and not once they are asleep. */
  readonly early?: boolean;
  readonly socket?: UdpSocketHandle;
  readonly queue?: TunQueueHandle;
  /** The handle of the stop event. */
  readonly stop?: StopEventHandle;
}

const NETLINK_ROUTE = 0;
const RTNLGRP_LINK = 1;
const ADDRESS = "127.0.0.1";

async function iterate(values: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of values);
}

/** Starts a wait that nothing ends; the promise stays pending. */
const WAITS: Record<
  string,
  (orders: WaitingOrders) => Promise<unknown> | Promise<unknown>[]
> = {
  // The measure: what is left then is Deno's own.
  "nothing": () =>
    new Promise<void>((resolve) => setTimeout(resolve, 3_600_000)),
  "receive": () => UdpSocket.bind({ address: ADDRESS }).receive(),
  "for await": () => iterate(UdpSocket.bind({ address: ADDRESS })),
  "receiveMany": () =>
    UdpSocket.bind({ address: ADDRESS }).receiveMany(new ReceiveBatch()),
  "receive with a signal and a timeout": () =>
    UdpSocket.bind({ address: ADDRESS }).receive({
      signal: new AbortController().signal,
      timeout: 3_600_000,
    }),
  "many receives": () => {
    const socket = UdpSocket.bind({ address: ADDRESS });
    return Array.from({ length: 100 }, () => socket.receive());
  },
  "errors": () =>
    iterate(UdpSocket.bind({ address: ADDRESS, receiveErrors: true }).errors()),
  "monitor": async () => {
    const monitor = await Monitor.open();
    await monitor.receive();
  },
  "for await of a monitor": async () => {
    await iterate(await Monitor.open({ snapshot: true }));
  },
  "subscription": () =>
    NetlinkSubscription.open({
      protocol: NETLINK_ROUTE,
      groups: [RTNLGRP_LINK],
    }).readable(),
  "tun": () => Tun.open().read(),
  "tun of two queues": () =>
    Tun.open({ queues: 2 }).readMany(new PacketBatch()),
  "tun batches": () => iterate(Tun.open({ mode: "tap" }).batches()),
  "attached socket": ({ socket }) => UdpSocket.attach(socket!).receive(),
  "attached queue": ({ queue }) => TunQueue.attach(queue!).read(),
  "stop event": ({ stop }) => {
    const socket = UdpSocket.bind({ address: ADDRESS });
    const poll = socket.blockingPoll(StopEvent.attach(stop!));
    // Blocks the thread until the owner sets the event.
    setTimeout(() => poll.wait("read", -1), 20);
    return [];
  },
  "echo under load": async () => {
    const socket = UdpSocket.bind({ address: ADDRESS });
    // Twenty datagrams that are sent for ever.
    for (let n = 0; n < 20; n++) await socket.send("x", socket.address);
    for await (const datagram of socket) await socket.reply(datagram, "x");
  },
};

function start(orders: WaitingOrders): void {
  const { kind } = orders;
  const kinds = kind === "all"
    ? Object.keys(WAITS).filter((one) => one !== "stop event")
    : [kind];
  for (const one of kinds) {
    const wait = WAITS[one];
    if (wait === undefined) throw new Error(`no wait ${one}`);
    for (const pending of [wait(orders)].flat()) {
      pending.catch((error) => {
        self.postMessage({ error: `${one}: ${error}` });
      });
    }
  }
}

self.onmessage = ({ data }: MessageEvent<WaitingOrders | "close">) => {
  if (data === "close") {
    self.close();
    return;
  }
  try {
    start(data);
  } catch (error) {
    self.postMessage({ error: `${data.kind}: ${error}` });
  }
  const report = () => self.postMessage("waiting");
  if (data.early) setTimeout(report, 0);
  else setTimeout(report, 10);
};
