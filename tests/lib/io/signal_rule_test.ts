// One rule for every iterator: an aborted signal rejects the pending next() with
// its reason and ends the iteration.

import { assertEquals, assertRejects } from "@std/assert";
import {
  monitor,
  parseConfiguration,
  Reconciler,
  Tun,
  UdpSocket,
} from "../../../mod.ts";
import "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";

const REASON = new RangeError("the reason");

type Iterate = (
  signal: AbortSignal,
  namespace: string,
  owned: AsyncDisposableStack,
) => Promise<AsyncIterator<unknown>> | AsyncIterator<unknown>;

const ITERATORS: Record<string, Iterate> = {
  "datagrams()": (signal, namespace, owned) =>
    owned.use(UdpSocket.bind({ namespace })).datagrams({ signal }),
  "errors()": (signal, namespace, owned) =>
    owned.use(UdpSocket.bind({ namespace, receiveErrors: true }))
      .errors({ signal }),
  "packets()": (signal, namespace, owned) =>
    owned.use(Tun.open({ namespace })).packets({ signal })[
      Symbol.asyncIterator
    ](),
  "batches()": (signal, namespace, owned) =>
    owned.use(Tun.open({ namespace })).batches({ signal })[
      Symbol.asyncIterator
    ](),
  "monitor()": (signal, namespace) => monitor({ namespace }, { signal }),
  "reconcile()": async (signal, namespace, owned) => {
    const desired = parseConfiguration({ links: [] });
    const reconciler = owned.use(await Reconciler.open(desired, { namespace }));
    return reconciler.reconcile({ signal });
  },
};

for (const [name, iterate] of Object.entries(ITERATORS)) {
  for (const when of ["before", "while"]) {
    Deno.test(`signal rule: ${name}, aborted ${when} it waits`, async () => {
      await using lab = await Lab.open("host");
      await using owned = new AsyncDisposableStack();
      const controller = new AbortController();
      const { signal } = controller;
      const iterator = await iterate(signal, lab.host.name, owned);
      if (when === "before") controller.abort(REASON);
      const next = assertRejects(async () => await iterator.next(), RangeError);
      if (when === "while") setTimeout(() => controller.abort(REASON), 20);
      assertEquals(await next, REASON);
      assertEquals(await iterator.next(), { value: undefined, done: true });
    });
  }
}
