// Datagrams that are not the kernel's, and answers no process waits for any more.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { NETLINK_ROUTE } from "../../../ffi/uapi/linux_netlink.ts";
import {
  ifinfomsg,
  RTM_GETLINK,
  RTNLGRP_LINK,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { NetlinkConnection } from "../../../lib/netlink/connection.ts";
import { NetlinkSubscription } from "../../../lib/netlink/subscription.ts";
import { decodeLink } from "../../../lib/rtnetlink/link/link.ts";
import "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";
import { forge } from "../../support/netlink.ts";

const request = { type: RTM_GETLINK, body: ifinfomsg.build({}) };

Deno.test("a connection takes no answer from a process", async () => {
  await using lab = await Lab.open("ns");
  await using connection = NetlinkConnection.open({
    protocol: NETLINK_ROUTE,
    namespace: lab.ns.name,
  });
  await forge(lab.ns, 3);
  const links = await connection.dump(request, decodeLink);
  assertEquals(links.map(({ name }) => name), ["lo"]);
  assertEquals(connection.counters.foreignSender, 3);
});

Deno.test("a subscription takes no event from a process", async () => {
  await using lab = await Lab.open("ns");
  await using links = NetlinkSubscription.open({
    protocol: NETLINK_ROUTE,
    groups: [RTNLGRP_LINK],
    namespace: lab.ns.name,
  });
  await forge(lab.ns, 3);
  await lab.ns.ip("link add one type ifb");
  await links.readable();
  const seen: (string | undefined)[] = [];
  assertEquals(
    links.drain((message) => seen.push(decodeLink(message)?.name)),
    "empty",
  );
  assertEquals(seen, ["one"]);
  assertEquals(links.counters.foreignSender, 3);
});

Deno.test("what is left of an answer given up is not taken for the next", async () => {
  await using lab = await Lab.open("ns");
  await using connection = NetlinkConnection.open({
    protocol: NETLINK_ROUTE,
    namespace: lab.ns.name,
  });
  const one = {
    type: RTM_GETLINK,
    body: ifinfomsg.build({ ifi_index: 1 }),
  };
  await assertRejects(
    () =>
      connection.request(one, () => {
        throw new Error("seen enough");
      }),
    Error,
    "seen enough",
  );
  const { objects } = await connection.request(one, decodeLink);
  assertEquals(objects.map(({ name }) => name), ["lo"]);
  assert(connection.counters.foreignSequence > 0);
});
