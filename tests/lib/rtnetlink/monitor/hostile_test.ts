// Messages that no kernel sends, and messages that are not the kernel's: the
// cache stays what the kernel's own messages made of it.

import { assert, assertEquals } from "@std/assert";
import { NETLINK_ROUTE } from "../../../../ffi/uapi/linux_netlink.ts";
import type { MonitorEvent } from "../../../../lib/rtnetlink/monitor/event.ts";
import { groupsOf } from "../../../../lib/rtnetlink/monitor/groups.ts";
import { Monitor } from "../../../../lib/rtnetlink/monitor/monitor.ts";
import {
  MONITORED_OBJECTS,
  ObjectCache,
} from "../../../../lib/rtnetlink/monitor/cache.ts";
import { NetlinkSubscription } from "../../../../lib/netlink/subscription.ts";
import { NetlinkBuffer } from "../../../../lib/netlink/buffer.ts";
import { MessageReader } from "../../../../lib/netlink/message.ts";
import { completed } from "../../../support/completed.ts";
import "../../../support/descriptors.ts";
import { assertKnowsAll, brief, until } from "../../../support/monitored.ts";
import { type Bytes, forge, spoil } from "../../../support/netlink.ts";
import { Lab } from "../../../support/netns.ts";
import { random } from "../../../support/random.ts";

const CASES = 40_000;

/** What the kernel says while a network is made and taken apart. */
async function recorded(): Promise<Bytes[]> {
  await using lab = await Lab.open("ns");
  await using events = NetlinkSubscription.open({
    protocol: NETLINK_ROUTE,
    namespace: lab.ns.name,
    groups: [...groupsOf(MONITORED_OBJECTS)],
  });
  await lab.ns.batch(`
    link add bridge0 type bridge
    link add port0 type veth peer name far
    link add gate type ifb
    link set gate up
    link set port0 master bridge0
    link set port0 up
    link set bridge0 up
    link property add dev port0 altname another-name
    address add 192.0.2.1/24 dev gate
    address add 2001:db8::1/64 dev gate
    route add 10.0.0.0/8 nexthop via 192.0.2.9 nexthop via 192.0.2.10
    route add 10.0.0.0/8 via 192.0.2.9 metric 5
    route append 10.0.0.0/8 via 192.0.2.10 metric 5
    route replace 10.0.0.0/8 via 192.0.2.11 metric 5
    route add 2001:db8:2::/48 via 2001:db8::2
    route append 2001:db8:2::/48 via 2001:db8::3
    route delete 2001:db8:2::/48 via 2001:db8::2
    nexthop add id 1 via 192.0.2.9 dev gate
    route add 10.1.0.0/16 nhid 1
    neighbour add 192.0.2.5 lladdr 02:00:5e:10:00:05 dev gate
    rule add from 192.0.2.0/24 iif port0 goto 40000
    rule delete from 192.0.2.0/24 iif port0 goto 40000
    nexthop delete id 1
    link set port0 nomaster
    link delete port0
    link delete gate
    link delete bridge0`);
  const messages: Bytes[] = [];
  await events.readable();
  events.drain((message) => messages.push(message.copy()));
  return messages;
}

function apply(cache: ObjectCache, bytes: Bytes): void {
  const reader = new MessageReader(NetlinkBuffer.of(bytes));
  reader.reset(0, bytes.length);
  while (reader.next()) cache.apply(reader);
}

Deno.test("spoiled messages in any order never throw, and what they leave can be settled", async () => {
  const messages = await recorded();
  assert(messages.length > 30);
  const below = random(7);
  const cache = new ObjectCache({ objects: new Set(MONITORED_OBJECTS) });
  let reported = 0;
  for (let i = 0; i < CASES; i++) {
    const bytes = messages[below(messages.length)];
    if (below(50) === 0) cache.begin(MONITORED_OBJECTS);
    apply(cache, below(2) ? bytes : spoil(bytes, below));
    reported += cache.take().length;
    if (below(50) === 0) cache.takeStaleTypes();
  }
  assert(reported > CASES / 10, `${reported}`);
  const nothing = Object.fromEntries(
    MONITORED_OBJECTS.map((kind) => [kind, []]),
  );
  cache.begin(MONITORED_OBJECTS);
  assertEquals(
    completed(cache.settle(nothing, "recovered")).uncertain,
    [],
  );
  for (const kind of MONITORED_OBJECTS) {
    assertEquals([...cache.tables[kind]], [], kind);
  }
});

Deno.test("a message that cannot be read whole changes nothing", async () => {
  const messages = await recorded();
  const cache = new ObjectCache({ objects: new Set(MONITORED_OBJECTS) });
  for (const bytes of messages) {
    // The last attribute claims more than there is, or has half a header.
    const cut = bytes.slice(0, bytes.length - 5);
    new DataView(cut.buffer).setUint32(0, cut.length, true);
    apply(cache, cut);
  }
  assertEquals(cache.take().map(brief), []);
});

Deno.test("messages of another process are counted and reported, and change nothing", async () => {
  await using lab = await Lab.open("ns");
  await using watching = await Monitor.open({ namespace: lab.ns.name });
  await forge(lab.ns, 3);
  await lab.ns.ip("link add real type ifb");
  const events = await until(
    watching,
    (event: MonitorEvent) => brief(event) === "new link real",
  );
  const ignored = events.filter(({ event }) => event === "ignored");
  assertEquals(ignored.length, 1);
  assertEquals(watching.counters.foreignSender, 3);
  assertEquals(watching.all("link").map(({ name }) => name), ["lo", "real"]);
  await assertKnowsAll(watching, lab.ns);
});
