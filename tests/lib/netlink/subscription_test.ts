// Listening to events: groups, overruns, other namespaces, closing.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { NETLINK_ROUTE } from "../../../ffi/uapi/linux_netlink.ts";
import {
  RTM_DELLINK,
  RTM_NEWLINK,
  RTM_NEWNSID,
  RTNLGRP_LINK,
  RTNLGRP_NSID,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { ClosedError } from "../../../lib/errors.ts";
import {
  type DrainOutcome,
  NetlinkSubscription,
  type NetlinkSubscriptionOptions,
} from "../../../lib/netlink/subscription.ts";
import { decodeLink } from "../../../lib/rtnetlink/link/link.ts";
import { decodeNamespaceId } from "../../../lib/rtnetlink/namespace_id.ts";
import {
  assertDescriptors,
  ownedDescriptors,
} from "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";

function open(
  namespace: string,
  options: Partial<NetlinkSubscriptionOptions> = {},
): NetlinkSubscription {
  return NetlinkSubscription.open({
    protocol: NETLINK_ROUTE,
    groups: [RTNLGRP_LINK],
    namespace,
    ...options,
  });
}

interface Seen {
  readonly type: number;
  readonly name: string;
  readonly nsid: number;
}

function drain(
  subscription: NetlinkSubscription,
  seen: Seen[],
  limit?: number,
): DrainOutcome {
  return subscription.drain((message, nsid) => {
    const link = decodeLink(message);
    seen.push({ type: message.type, name: link?.name ?? "", nsid });
  }, limit);
}

/** Events until one fits. */
async function until(
  subscription: NetlinkSubscription,
  fits: (one: Seen) => boolean,
): Promise<Seen[]> {
  const seen: Seen[] = [];
  const signal = AbortSignal.timeout(10_000);
  while (!seen.some(fits)) {
    await subscription.readable({ signal });
    assertEquals(drain(subscription, seen), "empty");
  }
  return seen;
}

Deno.test("events of a group arrive in order, those of others do not", async () => {
  await using lab = await Lab.open("ns");
  await using links = open(lab.ns.name);
  await lab.ns.batch(`
    link add one type ifb
    address add 192.0.2.1/24 dev one
    link delete one`);
  const seen = await until(links, ({ type }) => type === RTM_DELLINK);
  assertEquals(seen[0], { type: RTM_NEWLINK, name: "one", nsid: -1 });
  assertEquals(seen.at(-1), { type: RTM_DELLINK, name: "one", nsid: -1 });
  assert(seen.every(({ name }) => name === "one"));
});

Deno.test("a group left is heard no more", async () => {
  await using lab = await Lab.open("ns");
  await using links = open(lab.ns.name);
  links.leave(RTNLGRP_LINK);
  await lab.ns.ip("link add one type ifb");
  links.join(RTNLGRP_LINK);
  await lab.ns.ip("link add two type ifb");
  const seen = await until(links, () => true);
  assertEquals(seen[0].name, "two");
});

Deno.test("an overrun is reported, and queued messages are still returned", async () => {
  await using lab = await Lab.open("ns");
  await using links = open(lab.ns.name, { receiveBuffer: 4096 });
  await lab.ns.batch(
    Array.from({ length: 100 }, (_, i) => `link add l${i} type ifb`)
      .join("\n"),
  );
  const seen: Seen[] = [];
  assertEquals(drain(links, seen), "overrun");
  assertEquals(seen, []);
  assertEquals(drain(links, seen), "empty");
  assertEquals(seen[0].name, "l0");
  assert(seen.length < 100);
  await lab.ns.ip("link add after type ifb");
  await until(links, ({ name }) => name === "after");
});

Deno.test("what fills the kernel's queue is read ahead, and comes in order", async () => {
  await using lab = await Lab.open("ns");
  const space = { batch: 4, receiveBuffer: 1 << 17 };
  await using ahead = open(lab.ns.name, { ...space, readAhead: 1 << 20 });
  await using behind = open(lab.ns.name, space);
  const names = (first: number) =>
    Array.from({ length: 40 }, (_, i) => `l${first + i}`);
  const seen: Seen[] = [];
  const counts = { ahead: 0, behind: 0 };
  for (let first = 0; first < 400; first += 40) {
    await lab.ns.batch(
      names(first).map((name) => `link add ${name} type ifb`).join("\n"),
    );
    // Neither keeps up, but one takes what it does not visit yet.
    if (drain(ahead, seen, 4) === "overrun") counts.ahead++;
    if (drain(behind, [], 4) === "overrun") counts.behind++;
  }
  assertEquals(counts.ahead, 0);
  assert(counts.behind > 0);
  await ahead.readable({ timeout: 10_000 });
  while (drain(ahead, seen, 4) !== "empty");
  assertEquals(
    [...new Set(seen.map(({ name }) => name))],
    Array.from({ length: 10 }, (_, turn) => names(40 * turn)).flat(),
  );
  assertEquals(ahead.counters.malformed, 0);
});

Deno.test("a limit leaves the rest for the next call", async () => {
  await using lab = await Lab.open("ns");
  await using links = open(lab.ns.name, { batch: 8 });
  await lab.ns.batch(
    Array.from({ length: 40 }, (_, i) => `link add l${i} type ifb`).join("\n"),
  );
  const seen: Seen[] = [];
  assertEquals(drain(links, seen, 8), "more");
  assertEquals(seen.length, 8);
  assertEquals(drain(links, seen), "empty");
  assertEquals(new Set(seen.map(({ name }) => name)).size, 40);
});

Deno.test("an event longer than the buffer counts as lost, and the buffer grows", async () => {
  await using lab = await Lab.open("ns");
  await using links = open(lab.ns.name, { datagram: 512 });
  await lab.ns.ip("link add one type ifb");
  const seen: Seen[] = [];
  await links.readable();
  assertEquals(drain(links, seen), "overrun");
  assertEquals(links.counters.truncated, 1);
  await lab.ns.ip("link add two type ifb");
  await until(links, ({ name }) => name === "two");
  assertEquals(links.counters.truncated, 1);
});

Deno.test("all namespaces that have an id are heard, each by its id", async () => {
  await using lab = await Lab.open("here", "there");
  await using links = open(lab.here.name, { allNamespaces: true });
  await using ids = open(lab.here.name, { groups: [RTNLGRP_NSID] });
  await lab.here.ip(`netns set ${lab.there.name} 42`);
  await lab.there.ip("link add far type ifb");
  await lab.here.ip("link add near type ifb");
  const seen = await until(links, ({ name }) => name === "near");
  assertEquals(seen.find(({ name }) => name === "far")?.nsid, 42);
  assertEquals(seen.find(({ name }) => name === "near")?.nsid, -1);
  let nsid: number | undefined;
  ids.drain((message) => {
    assertEquals(message.type, RTM_NEWNSID);
    nsid = decodeNamespaceId(message)?.nsid;
  });
  assertEquals(nsid, 42);
});

Deno.test("closing ends a pending wait and leaves nothing open", async () => {
  const before = ownedDescriptors();
  await using lab = await Lab.open("ns");
  const links = open(lab.ns.name);
  const waiting = assertRejects(() => links.readable(), ClosedError);
  await links.close();
  await waiting;
  await assertDescriptors(before);
});

Deno.test("a group that is not there is refused and leaves nothing open", async () => {
  const before = ownedDescriptors();
  await using lab = await Lab.open("ns");
  let code = "";
  try {
    open(lab.ns.name, { groups: [RTNLGRP_LINK, 4000] });
  } catch (error) {
    code = (error as { code: string }).code;
  }
  assertEquals(code, "EINVAL");
  await assertDescriptors(before);
});
