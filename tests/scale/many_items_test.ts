// Lists of 1,000,000 items through what takes or returns a list; 150,000 where
// the kernel has to hold them. V8 takes about 125,000 arguments of one call.

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { LinkRates } from "../../cli/rates/meter.ts";
import { rateTable } from "../../cli/top/view.ts";
import { style } from "../../cli/output/style.ts";
import { table } from "../../cli/output/layout.ts";
import {
  addAltNames,
  addNexthop,
  addRoute,
  ArgumentError,
  AttributeWriter,
  type Change,
  headers,
  LazyList,
  type Link,
  LinkNames,
  type Message,
  MessageReader,
  Monitor,
  monitor,
  NetlinkError,
  type NetlinkRequest,
  Network,
  PacketBatch,
  ReceiveBatch,
  RouteSocket,
  SendBatch,
  topology,
  UdpSocket,
} from "../../mod.ts";
import { NetlinkBuffer } from "../../lib/netlink/buffer.ts";
import { denoRun, netplumb } from "../support/command.ts";
import "../support/descriptors.ts";
import { Lab, output } from "../support/netns.ts";

const MILLION = 1_000_000;
/** Of them, one in so many is refused. */
const REFUSED = 1000;
/** Routes that the kernel takes in seconds. */
const ROUTES = 150_000;

// A control message: the kernel acknowledges it and does nothing (NLMSG_NOOP).
const NOTHING: NetlinkRequest = { type: 1, body: new Uint8Array(0) };
const UNKNOWN: NetlinkRequest = { type: 0xfff0, body: new Uint8Array(0) };

function million<T>(item: (index: number) => T): T[] {
  return Array.from({ length: MILLION }, (_, index) => item(index));
}

Deno.test("1,000,000 changes: each has its result, refused ones included", async () => {
  const nothing: Change = { what: "nothing", requests: () => [NOTHING] };
  const unknown: Change = { what: "unknown", requests: () => [UNKNOWN] };
  const changes = million((i) => i % REFUSED === 0 ? unknown : nothing);
  await using network = Network.open();
  {
    using prepared = await network.prepare(changes);
    assertEquals(prepared.requests.length, MILLION);
  }
  const results = await network.applyEach(changes);
  assertEquals(results.length, MILLION);
  assert(results.every((result, i) =>
    result.change === changes[i] &&
    ("error" in result) === (result.change === unknown)
  ));
  await assertRejects(
    () => network.apply(changes.slice(-ROUTES)),
    NetlinkError,
    "EOPNOTSUPP",
  );
});

Deno.test("1,000,000 requests: each has its reply or error", async () => {
  await using route = RouteSocket.open();
  const requests = million((i) => i % REFUSED === 0 ? UNKNOWN : NOTHING);
  const answers = await route.requestMany(requests);
  assertEquals(answers.length, MILLION);
  assert(
    answers.every((answer, i) =>
      answer instanceof NetlinkError === (requests[i] === UNKNOWN)
    ),
  );
});

Deno.test(`${ROUTES} routes: applied, dumped, monitored and shown`, async (t) => {
  await using lab = await Lab.open("ns");
  const { ns } = lab;
  const namespace = ns.name;
  await t.step("applyEach()", async () => {
    await using network = Network.open({ namespace });
    const add = (i: number) =>
      addRoute({
        to: `10.${i >> 16}.${i >> 8 & 255}.${i & 255}`,
        type: "blackhole",
      });
    const changes: Change[] = [];
    // The last one is in each batch of REFUSED a second time.
    for (let i = 0; i < ROUTES; i++) {
      changes.push(add(i));
      if (i % REFUSED === REFUSED - 1) changes.push(add(i));
    }
    const results = await network.applyEach(changes);
    const refused = results.filter((result) => "error" in result);
    assertEquals(results.length, changes.length);
    assertEquals(refused.length, ROUTES / REFUSED);
    const shown = await ns.ip("route show type blackhole");
    assertEquals(shown.trimEnd().split("\n").length, ROUTES);
  });
  await t.step("routes(), lazy or not, and topology()", async () => {
    await using route = RouteSocket.open({ namespace });
    const routes = await route.routes({ family: "inet", table: 254 });
    assertEquals(routes.length, ROUTES);
    const lazy = await route.routes({
      family: "inet",
      table: 254,
      lazy: true,
    });
    assertEquals([lazy.length, [...lazy].length], [ROUTES, ROUTES]);
    const [{ links }] = await topology({ namespaces: [namespace] });
    assertEquals(links.map(({ name }) => name), ["lo"]);
  });
  await t.step("Monitor", async () => {
    const options = { namespace, objects: ["route"], snapshot: true } as const;
    await using watching = await Monitor.open(options);
    const all = watching.all("route").length;
    assert(all > ROUTES);
    for await (const _ of watching) break;
    assertEquals((await watching.receive()).length, all - 1);
  });
  await t.step("Monitor of several namespaces", async () => {
    await using watching = await Monitor.open({
      namespaces: [namespace],
      objects: ["route"],
      snapshot: true,
    });
    assertEquals(watching.receiveBuffer > 0, true);
    assert((await watching.receive()).length > ROUTES);
  });
  await t.step("monitor() as a stream", async () => {
    const objects = ["route"] as const;
    let seen = 0;
    const events = monitor({ namespace, objects, snapshot: true });
    for await (const _ of ReadableStream.from(events)) {
      if (++seen === ROUTES) break;
    }
    assertEquals((await events.next()).done, true);
  });
  await t.step("show route, as text and as JSON", async () => {
    const text = await netplumb(ns, "show", "route");
    assertEquals(text.stdout.trimEnd().split("\n").length, ROUTES);
    const json = await netplumb(ns, "show", "route", "--json");
    assertEquals(JSON.parse(json.stdout).length, ROUTES);
  });
});

Deno.test("1,000,000 datagrams of an iterable, refused ones included", async () => {
  await using receiver = UdpSocket.bind({ address: "127.0.0.1" });
  await using sender = UdpSocket.bind({ address: "127.0.0.1" });
  const data = new Uint8Array(1);
  const good: Message = { data, to: receiver.address };
  const bad: Message = { data, to: { address: "127.0.0.1", port: 0 } };
  function* messages(): Generator<Message> {
    for (let i = 0; i < MILLION; i++) yield i % REFUSED === 0 ? bad : good;
  }
  const { sent, failures } = await sender.sendMany(messages());
  assertEquals(failures.length, MILLION / REFUSED);
  assertEquals(sent, MILLION - failures.length);
  assert(failures.every(({ index }, i) => index === i * REFUSED));
});

Deno.test("1,000,000 messages in a LazyList", () => {
  const words = new Int32Array(4 * MILLION);
  for (let i = 0; i < MILLION; i++) {
    words[4 * i] = 16;
    words[4 * i + 2] = i;
  }
  const bytes = new Uint8Array(words.buffer);
  const reader = new MessageReader(NetlinkBuffer.of(bytes));
  const list = new LazyList((message) => message.sequence);
  reader.reset(0, bytes.length);
  while (reader.next()) list.take(reader);
  assertEquals(list.length, MILLION);
  assertEquals(list.at(-1), MILLION - 1);
  assertEquals([...list].length, MILLION);
  let sum = 0;
  for (const message of list.messages()) sum += message.sequence;
  assertEquals(sum, MILLION * (MILLION - 1) / 2);
});

Deno.test("1,000,000 links by their index", () => {
  const links = million((ifindex) =>
    ({ ifindex, name: `if${ifindex}`, altNames: [] }) as unknown as Link
  );
  const names = new LinkNames(links);
  assertEquals(names.index(`if${MILLION - 1}`), MILLION - 1);
  assertEquals(names.copy().name(1), "if1");
});

Deno.test("1,000,000 attributes are encoded", () => {
  const writer = new AttributeWriter();
  for (let i = 0; i < MILLION; i++) writer.u8(1, 0);
  assertEquals(writer.finish().length, 8 * MILLION);
});

Deno.test("lists that are too long for a message are refused as such", () => {
  const names = million((i) => `name${i}`);
  assertThrows(() => addAltNames("eth0", names), ArgumentError, "altnames");
  const nexthops = Array(ROUTES).fill({ dev: "eth0" });
  assertThrows(
    () => addRoute({ to: "192.0.2.0/24", nexthops }),
    RangeError,
    "netlink attribute",
  );
  const group = Array(ROUTES).fill({ id: 2 });
  assertThrows(() => addNexthop({ id: 1, group }), RangeError, "attribute");
  const nop = { name: "nop" } as const;
  assertThrows(
    () => headers.encodeTcpOptions(million(() => nop)),
    ArgumentError,
    "at most 40 bytes",
  );
  for (const Batch of [PacketBatch, SendBatch]) {
    assertThrows(() => new Batch(MILLION), ArgumentError, "size");
  }
  assertThrows(() => new ReceiveBatch({ size: MILLION }), ArgumentError);
});

Deno.test("1,000,000 rows of a table, 150,000 links with their rates", () => {
  const lines = table(million((i) => ({ index: String(i) }))).split("\n");
  assertEquals(lines.length, MILLION + 1);
  const rate = { packets: 1, bytes: 1, dropped: 0, errors: 0 };
  const link = {
    namespace: undefined,
    ifindex: 1,
    ifname: "eth0",
    kind: undefined,
    up: true,
  };
  const rates = Array<LinkRates>(ROUTES).fill({ ...link, rx: rate, tx: rate });
  assertEquals(rateTable(rates, style(false)).length, ROUTES + 1);
});

Deno.test("150,000 words on a command line are refused with a sentence", async () => {
  const words = Array<string>(150_000).fill("a");
  const { code, stderr } = await output(
    Deno.execPath(),
    [...denoRun(), "link", "delete", ...words],
  );
  assertEquals(code, 2);
  assertEquals(
    stderr,
    "netplumb: Too many arguments: 150000, more than 65536\n",
  );
});
