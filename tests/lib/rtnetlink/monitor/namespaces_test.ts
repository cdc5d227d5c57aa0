// Several namespaces watched as one, those included whose names come and go
// meanwhile.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ENOMEM, SystemError } from "../../../../ffi/errno.ts";
import { ArgumentError } from "../../../../lib/errors.ts";
import { inNamespace } from "../../../../lib/netns/namespace.ts";
import type { MonitorEvent } from "../../../../lib/rtnetlink/monitor/event.ts";
import { Monitor } from "../../../../lib/rtnetlink/monitor/monitor.ts";
import {
  assertDescriptors,
  ownedDescriptors,
} from "../../../support/descriptors.ts";
import { failing, Faults } from "../../../support/faults.ts";
import {
  assertEndsWhatWaits,
  assertKnowsAll,
  brief,
  known,
  Replay,
  until,
} from "../../../support/monitored.ts";
import { Lab, type Netns, run, UnmadeNetns } from "../../../support/netns.ts";
import { RunningProgram } from "../../../support/program.ts";

/** Is it this, of that namespace? */
const is = (words: string, { name }: Netns) => (event: MonitorEvent) =>
  event.namespace === name && brief(event) === words;

/** A short form of the events of a namespace. */
function toldOf(events: readonly MonitorEvent[], { name }: Netns): string[] {
  return events.filter(({ namespace }) => namespace === name).map(brief);
}

/** Runs commands for any namespace. */
const shell = (commands: string) => run("sh", ["-ec", commands]);

Deno.test("events of several namespaces come in one stream and say whose they are", async () => {
  await using lab = await Lab.open("left", "right", "other");
  const names = [lab.left.name, lab.right.name];
  await using watching = await Monitor.open({
    namespaces: names,
    snapshot: true,
  });
  assertEquals(watching.namespaces, names);
  await lab.other.ip("link add none type ifb");
  await lab.veth("left", "l0", "right", "r0");
  await lab.left.ip("address add 192.0.2.1/24 dev l0");
  await lab.right.ip("address add 192.0.2.2/24 dev r0");
  const events = await until(
    watching,
    is("new address 192.0.2.2 r0", lab.right),
  );
  assertEquals(toldOf(events, lab.left)[0], "new link lo (snapshot)");
  assertEquals(toldOf(events, lab.right)[0], "new link lo (snapshot)");
  assert(events.some(is("new link l0", lab.left)));
  assert(events.some(is("new link r0", lab.right)));
  assertEquals(toldOf(events, lab.other), []);
  for (const side of [lab.left, lab.right]) {
    events.push(...await assertKnowsAll(watching, side, side.name));
  }
  for (const side of [lab.left, lab.right]) {
    const replay = new Replay();
    const own = events.filter(({ namespace }) => namespace === side.name);
    assertEquals(replay.apply(own), []);
    assertEquals(replay.known.link, known(watching, side.name).link);
  }
});

Deno.test("a move is reported by the old namespace and by the new one", async () => {
  await using lab = await Lab.open("left", "right");
  await lab.left.ip("link add one type ifb");
  const namespaces = [lab.left.name, lab.right.name];
  await using watching = await Monitor.open({ namespaces, objects: ["link"] });
  await lab.left.ip(`link set one netns ${lab.right.name}`);
  const events = await until(watching, is("new link one", lab.right));
  if (!events.some(is("delete link one", lab.left))) {
    events.push(...await until(watching, is("delete link one", lab.left)));
  }
  const gone = events.find(is("delete link one", lab.left));
  const come = events.find(is("new link one", lab.right));
  assert(gone && come && "object" in gone && "object" in come);
  assert(gone.object === "link" && come.object === "link");
  assertEquals(gone.data.newIfindex, come.data.ifindex);
});

Deno.test("an added namespace is reported with all its objects, a deleted one to its last event", async () => {
  await using watching = await Monitor.open({ namespaces: "all" });
  await using late = new UnmadeNetns("late");
  await shell(`
    ip netns add ${late.name}
    ip -n ${late.name} link add first type ifb`);
  const events = await until(
    watching,
    (event) =>
      is("new link first (snapshot)", late)(event) ||
      is("new link first", late)(event),
  );
  assertEquals(toldOf(events, late).slice(0, 2), [
    "added",
    "new link lo (snapshot)",
  ]);
  assert(watching.namespaces.includes(late.name));
  await assertKnowsAll(watching, late, late.name);
  await shell(`
    ip -n ${late.name} link add last type ifb
    ip netns delete ${late.name}`);
  const end = await until(watching, is("removed", late));
  assertEquals(toldOf(end, late).slice(-2), ["new link last", "removed"]);
  assert(!watching.namespaces.includes(late.name));
});

Deno.test("a namespace that vanishes is not kept by who watches it", async () => {
  await using lab = await Lab.open("stays");
  await using gone = new UnmadeNetns("gone");
  await shell(`ip netns add ${gone.name}`);
  await lab.stays.ip(`link add near type veth peer far netns ${gone.name}`);
  await using watching = await Monitor.open({
    namespaces: [lab.stays.name, gone.name],
    objects: ["link"],
  });
  await shell(`ip netns delete ${gone.name}`);
  // The pair goes only when the namespace of one of them really goes.
  const events = await until(watching, is("delete link near", lab.stays));
  assertEquals(toldOf(events, gone), ["removed"]);
});

Deno.test("a name given to another namespace: the old one vanishes, the new one appears", async () => {
  await using again = new UnmadeNetns("again");
  await shell(`
    ip netns add ${again.name}
    ip -n ${again.name} link add old type ifb`);
  await using watching = await Monitor.open({ namespaces: [again.name] });
  await shell(`
    ip netns delete ${again.name}
    ip netns add ${again.name}
    ip -n ${again.name} link add young type ifb`);
  const young = (event: MonitorEvent) =>
    brief(event).startsWith("new link young");
  const events = await until(watching, young);
  const reported = toldOf(events, again).slice(0, 3);
  assertEquals(reported, ["removed", "added", "new link lo (snapshot)"]);
  await assertKnowsAll(watching, again, again.name);
});

Deno.test("a name that is a link to the namespace of a process counts, too", async () => {
  await using named = new UnmadeNetns("linked");
  await using program = new RunningProgram(
    {},
    ...["unshare", "--net", "sh", "-c", "echo $$; exec sleep 60"],
  );
  const pid = await program.line();
  await using watching = await Monitor.open({
    namespaces: "all",
    objects: ["link"],
  });
  const path = `/run/netns/${named.name}`;
  await Deno.symlink(`/proc/${pid}/ns/net`, path);
  try {
    const events = await until(watching, is("new link lo (snapshot)", named));
    assertEquals(toldOf(events, named)[0], "added");
  } finally {
    await Deno.remove(path);
  }
  await until(watching, is("removed", named));
});

Deno.test("this thread's own namespace is monitored once, with or without a name", async () => {
  await using lab = await Lab.open("own");
  await using watching = await inNamespace(
    lab.own.name,
    () => Monitor.open({ namespaces: "all" }),
  );
  assertEquals(watching.namespaces[0], undefined);
  assert(!watching.namespaces.includes(lab.own.name));
  await lab.own.ip("link add one type ifb");
  const one = (event: MonitorEvent) => brief(event) === "new link one";
  const [event] = (await until(watching, one)).filter(one);
  assertEquals(event.namespace, undefined);
  await assertKnowsAll(watching, lab.own);
});

Deno.test("closing and aborting end what waits; nothing is left of a hundred times", async () => {
  const before = ownedDescriptors();
  {
    await using lab = await Lab.open("a", "b");
    const namespaces = [lab.a.name, undefined, lab.b.name];
    for (let turn = 0; turn < 100; turn++) {
      const watching = await Monitor.open({ namespaces, objects: ["rule"] });
      await assertEndsWhatWaits(watching);
    }
    const missing = { namespaces: [lab.a.name, `${lab.a.name}-none`] };
    await assertRejects(() => Monitor.open(missing), SystemError, "ENOENT");
  }
  await assertDescriptors(before);
});

Deno.test("an error in one namespace is reported once, and the others continue", async () => {
  await using lab = await Lab.open("a", "b");
  using faults = new Faults();
  await using watching = await Monitor.open({
    namespaces: [lab.a.name, lab.b.name],
    objects: ["link"],
  });
  await lab.a.ip("link add one type ifb");
  faults.arm({ call: "recvmmsg", fault: failing(ENOMEM) });
  await assertRejects(() => watching.receive(), SystemError, "ENOMEM");
  await lab.b.ip("link add two type ifb");
  const seen = new Set<string>();
  while (seen.size < 2) {
    for (const event of await watching.receive({ timeout: 10_000 })) {
      seen.add(`${brief(event)} ${event.namespace}`);
    }
  }
  assertEquals(
    [...seen].sort(),
    [`new link one ${lab.a.name}`, `new link two ${lab.b.name}`].sort(),
  );
  // The names cannot be read: they are the next time.
  faults.arm({ call: "statx", fault: failing(ENOMEM) });
  await shell(`ip netns delete ${lab.b.name}`);
  await assertRejects(() => watching.receive(), SystemError, "ENOMEM");
  faults.disarm();
  const vanished = await watching.receive({ timeout: 10_000 });
  assertEquals(vanished.map(brief), ["removed"]);
});

Deno.test("namespaces that cannot be meant are refused", async () => {
  const refused = (options: Parameters<typeof Monitor.open>[0]) =>
    assertRejects(() => Monitor.open(options), ArgumentError);
  await refused({ namespaces: [] });
  await refused({ namespaces: ["a/b"] });
  await refused({ namespaces: [undefined], namespace: 1 });
  await using watching = await Monitor.open({ namespaces: [undefined] });
  assertEquals(watching.all("link").length > 0, true);
  let thrown: unknown;
  try {
    watching.all("link", "elsewhere");
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof ArgumentError);
});
