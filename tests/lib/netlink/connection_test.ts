// Requests and dumps on a connection, with the kernel as the other end.

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  IFLA_ADDRESS,
  IFLA_IFNAME,
  IFLA_INFO_DATA,
  IFLA_INFO_KIND,
  IFLA_LINKINFO,
  IFLA_MTU,
} from "../../../ffi/uapi/linux_if_link.ts";
import {
  NETLINK_ROUTE,
  NLM_F_CREATE,
  NLM_F_EXCL,
} from "../../../ffi/uapi/linux_netlink.ts";
import {
  ifinfomsg,
  RTA_OIF,
  RTA_TABLE,
  RTM_DELLINK,
  RTM_GETLINK,
  RTM_GETROUTE,
  RTM_NEWLINK,
  RTM_NEWNEIGH,
  RTM_NEWNSID,
  RTM_NEWROUTE,
  rtmsg,
} from "../../../ffi/uapi/linux_rtnetlink.ts";
import { NDA_DST, ndmsg } from "../../../ffi/uapi/linux_neighbour.ts";
import { AF_INET } from "../../../ffi/uapi/sys_socket.ts";
import { ClosedError, TimeoutError } from "../../../lib/errors.ts";
import { AttributeWriter } from "../../../lib/netlink/attribute_writer.ts";
import { NetlinkConnection } from "../../../lib/netlink/connection.ts";
import type { NetlinkRequest } from "../../../lib/netlink/transaction.ts";
import { NetlinkError } from "../../../lib/netlink/errors.ts";
import { decodeLink } from "../../../lib/rtnetlink/link/link.ts";
import { routeNames } from "../../../lib/rtnetlink/attribute_names.ts";
import {
  assertDescriptors,
  ownedDescriptors,
} from "../../support/descriptors.ts";
import { Lab } from "../../support/netns.ts";

function open(namespace?: string, datagram?: number): NetlinkConnection {
  return NetlinkConnection.open({
    protocol: NETLINK_ROUTE,
    names: routeNames,
    ...(namespace === undefined ? {} : { namespace }),
    ...(datagram === undefined ? {} : { datagram }),
  });
}

function link(fields: { index?: number; name?: string } = {}): AttributeWriter {
  const body = new AttributeWriter().raw(
    ifinfomsg.build({ ifi_index: fields.index ?? 0 }),
  );
  return fields.name === undefined
    ? body
    : body.string(IFLA_IFNAME, fields.name);
}

function addLink(name: string, kind = "ifb"): NetlinkRequest {
  return {
    type: RTM_NEWLINK,
    flags: NLM_F_CREATE | NLM_F_EXCL,
    body: link({ name })
      .nest(IFLA_LINKINFO, (info) => info.text(IFLA_INFO_KIND, kind))
      .finish(),
    tried: `add link ${name}`,
  };
}

const allLinks: NetlinkRequest = { type: RTM_GETLINK, body: link().finish() };

async function names(connection: NetlinkConnection): Promise<string[]> {
  const links = await connection.dump(allLinks, decodeLink);
  return links.map(({ name }) => name);
}

Deno.test("requests are carried out and dumps show it", async () => {
  await using lab = await Lab.open("ns");
  await using connection = open(lab.ns.name);
  assertEquals(await names(connection), ["lo"]);
  await connection.request(addLink("a"));
  assertEquals(await names(connection), ["lo", "a"]);
  const { objects } = await connection.request(
    { type: RTM_GETLINK, body: link({ name: "a" }).finish() },
    decodeLink,
  );
  assertEquals(objects.map(({ name, kind }) => [name, kind]), [["a", "ifb"]]);
  await connection.request({
    type: RTM_DELLINK,
    body: link({ name: "a" }).finish(),
  });
  assertEquals((await lab.ns.json("link")).map(({ ifname }) => ifname), ["lo"]);
});

Deno.test("calls that overlap are answered each with its own", async () => {
  await using lab = await Lab.open("ns");
  await using connection = open(lab.ns.name);
  const answers = await Promise.all([
    ...Array.from(
      { length: 50 },
      (_, i) => connection.request(addLink(`l${i}`)).then(() => `add ${i}`),
    ),
    ...Array.from(
      { length: 50 },
      (_, i) =>
        connection.request({
          type: RTM_GETLINK,
          body: link({ name: `l${i}` }).finish(),
        }, decodeLink).then(({ objects }) => objects[0].name),
    ),
    names(connection).then(({ length }) => length),
  ]);
  assertEquals(answers, [
    ...Array.from({ length: 50 }, (_, i) => `add ${i}`),
    ...Array.from({ length: 50 }, (_, i) => `l${i}`),
    51,
  ]);
});

Deno.test("a batch of 1,000 requests reports each one's own outcome", async () => {
  await using lab = await Lab.open("ns");
  await using connection = open(lab.ns.name);
  const requests = Array.from(
    { length: 1000 },
    (_, i) => i % 10 === 9 ? addLink("l0") : addLink(`l${i}`),
  );
  const outcomes = await connection.requestMany(requests);
  assertEquals(
    outcomes.map((one) => one instanceof NetlinkError ? one.code : "done"),
    requests.map((_, i) => i % 10 === 9 ? "EEXIST" : "done"),
  );
  assertEquals((await names(connection)).length, 901);
});

Deno.test("a refusal names the request, the errno and the kernel's own words", async () => {
  await using lab = await Lab.open("ns");
  await using connection = open(lab.ns.name);
  const error = await assertRejects(
    () => connection.request(addLink("a", "no-such-kind")),
    NetlinkError,
  );
  assertEquals(error.code, "EOPNOTSUPP");
  assertEquals(error.request.name, "RTM_NEWLINK");
  assertEquals(error.ack.message, "Unknown device type");
  assertEquals(
    error.message,
    "add link a: EOPNOTSUPP, operation not supported (RTM_NEWLINK); " +
      "the kernel says: Unknown device type",
  );
});

Deno.test("a refusal names the attribute at fault", async () => {
  await using lab = await Lab.open("ns");
  await using connection = open(lab.ns.name);
  await connection.request(addLink("a"));
  const fault = async (request: NetlinkRequest) => {
    const { ack } = await assertRejects(
      () => connection.request(request),
      NetlinkError,
    );
    return ack.attribute;
  };
  assertEquals(
    await fault({
      type: RTM_NEWLINK,
      body: link({ name: "a" }).u8(IFLA_MTU, 1).finish(),
    }),
    "IFLA_MTU",
  );
  assertEquals(
    await fault({
      type: RTM_NEWLINK,
      flags: NLM_F_CREATE,
      body: link({ name: "b" }).bytes(IFLA_ADDRESS, new Uint8Array(33))
        .finish(),
    }),
    "IFLA_ADDRESS",
  );
  assertEquals(
    await fault({
      type: RTM_NEWLINK,
      flags: NLM_F_CREATE,
      body: link({ name: "b" }).nest(
        IFLA_LINKINFO,
        (info) =>
          info.text(IFLA_INFO_KIND, "vxlan").nest(
            IFLA_INFO_DATA,
            (data) => data.u32(1, 1 << 25),
          ),
      ).finish(),
    }),
    "IFLA_LINKINFO > IFLA_INFO_DATA > IFLA_VXLAN_ID",
  );
  assertEquals(
    await fault({
      type: RTM_NEWROUTE,
      flags: NLM_F_CREATE,
      body: new AttributeWriter()
        .raw(rtmsg.build({ rtm_family: AF_INET, rtm_dst_len: 24, rtm_type: 1 }))
        .u32(RTA_TABLE, 254).u8(RTA_OIF, 1).finish(),
    }),
    "RTA_OIF",
  );
});

Deno.test("a refusal says what is missing", async () => {
  await using lab = await Lab.open("ns");
  await using connection = open(lab.ns.name);
  const { ack } = await assertRejects(
    () =>
      connection.request({
        type: RTM_NEWNEIGH,
        flags: NLM_F_CREATE,
        body: new AttributeWriter()
          .raw(ndmsg.build({ ndm_family: AF_INET, ndm_ifindex: 1 })).finish(),
      }),
    NetlinkError,
  );
  assertEquals(ack.message, "Network address not specified");
  assert(NDA_DST > 0);
  const nsid = await assertRejects(
    () => connection.request({ type: RTM_NEWNSID, body: new Uint8Array(4) }),
    NetlinkError,
  );
  assertEquals(nsid.ack.message, "nsid is missing");
});

Deno.test("a filter the kernel does not know is refused, not ignored", async () => {
  await using lab = await Lab.open("ns");
  await using connection = open(lab.ns.name);
  const error = await assertRejects(
    () =>
      connection.dump({
        type: RTM_GETROUTE,
        body: new AttributeWriter().raw(
          rtmsg.build({ rtm_family: AF_INET, rtm_dst_len: 24 }),
        ).finish(),
      }, () => true),
    NetlinkError,
  );
  assertEquals(error.code, "EINVAL");
  assertEquals(
    error.ack.message,
    "Invalid values in header for FIB dump request",
  );
});

Deno.test("a dump given up half way does not spoil the next", async () => {
  await using lab = await Lab.open("ns");
  await using connection = open(lab.ns.name);
  await connection.requestMany(
    Array.from({ length: 300 }, (_, i) => addLink(`l${i}`)),
  );
  const stop = new Error("seen enough");
  for (let round = 0; round < 3; round++) {
    await assertRejects(
      () =>
        connection.dump(allLinks, () => {
          throw stop;
        }),
      Error,
      "seen enough",
    );
    assertEquals((await names(connection)).length, 301);
  }
});

Deno.test("a call aborted before or in its turn sends nothing or goes no further", async () => {
  await using lab = await Lab.open("ns");
  await using connection = open(lab.ns.name);
  const reason = new Error("changed my mind");
  await assertRejects(
    () =>
      connection.request(addLink("a"), undefined, {
        signal: AbortSignal.abort(reason),
      }),
    Error,
    "changed my mind",
  );
  const controller = new AbortController();
  const queued = [
    connection.request(addLink("b")),
    connection.request(addLink("c"), undefined, { signal: controller.signal }),
    connection.request(addLink("d")),
  ];
  controller.abort(reason);
  const outcomes = await Promise.allSettled(queued);
  assertEquals(outcomes.map(({ status }) => status), [
    "fulfilled",
    "rejected",
    "fulfilled",
  ]);
  assertEquals(await names(connection), ["lo", "b", "d"]);
});

Deno.test("a timeout of nothing is over at once and says of what", async () => {
  await using connection = open();
  const error = await assertRejects(
    () => connection.dump(allLinks, decodeLink, { timeout: 0 }),
    TimeoutError,
  );
  assertEquals(error.what, "netlink request RTM_GETLINK");
});

Deno.test("datagrams longer than the buffer make it grow and lose nothing", async () => {
  await using lab = await Lab.open("ns");
  await using connection = open(lab.ns.name, 512);
  await connection.requestMany(
    Array.from({ length: 200 }, (_, i) => addLink(`l${i}`)),
  );
  const links = await connection.dump(allLinks, decodeLink);
  assertEquals(links.length, 201);
  assertEquals(links.interrupted, false);
  assert(connection.counters.truncated > 0);
  assertEquals((await names(connection)).length, 201);
});

Deno.test("a closed connection says so, and leaves nothing open", async () => {
  const before = ownedDescriptors();
  const connection = open();
  const [dump] = await Promise.allSettled([
    connection.dump(allLinks, decodeLink).then(() =>
      connection.dump(allLinks, decodeLink)
    ),
    connection.close(),
  ]);
  assert(dump.status === "rejected" && dump.reason instanceof ClosedError);
  await assertRejects(() => connection.dump(allLinks, decodeLink), ClosedError);
  await assertDescriptors(before);
});

Deno.test("opening in a namespace that is not there fails and leaves nothing open", async () => {
  const before = ownedDescriptors();
  let message = "";
  try {
    open("np-no-such-namespace");
  } catch (error) {
    message = (error as Error).message;
  }
  assert(message.includes("ENOENT"), message);
  await assertDescriptors(before);
});
