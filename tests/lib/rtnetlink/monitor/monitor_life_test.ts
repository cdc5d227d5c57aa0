// How a monitor begins and ends: snapshots, closing, aborting, loops over it.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ArgumentError } from "../../../../lib/errors.ts";
import type { MonitorEvent } from "../../../../lib/rtnetlink/monitor/event.ts";
import { monitor } from "../../../../lib/rtnetlink/monitor/monitor.ts";
import {
  assertDescriptors,
  ownedDescriptors,
} from "../../../support/descriptors.ts";
import {
  assertEndsWhatWaits,
  assertKnowsAll,
  brief,
  during,
  known,
  openMonitor,
  Replay,
  routed,
  until,
} from "../../../support/monitored.ts";
import { Lab } from "../../../support/netns.ts";
import { AS_NOBODY } from "../../../support/privileges.ts";
import { RunningProgram } from "../../../support/program.ts";

Deno.test("a snapshot is complete, once, with any changes meanwhile", async () => {
  await using lab = await routed();
  // Changes that begin before the monitor and end after it.
  const churn = lab.ns.batch(
    Array.from({ length: 3000 }, (_, i) => `
      route add 10.${100 + (i >> 8)}.${i & 255}.0/24 via 10.9.0.2
      ${i % 2 ? `route delete 10.${100 + (i >> 8)}.${i & 255}.0/24` : ""}`)
      .join("\n"),
  );
  await using watching = await openMonitor(lab.ns, { snapshot: true });
  const replay = new Replay();
  const lies: string[] = [];
  await during(watching, churn, (events) => lies.push(...replay.apply(events)));
  lies.push(...replay.apply(await assertKnowsAll(watching, lab.ns)));
  assertEquals(lies, []);
  assertEquals(
    replay.known.route,
    known(watching).route,
    "the events make what is known",
  );
  assert(watching.all("route").length > 1500);
});

Deno.test("only the requested types are reported and cached", async () => {
  await using lab = await routed();
  await using watching = await openMonitor(lab.ns, {
    objects: ["rule"],
    snapshot: true,
  });
  await lab.ns.batch(`
    link set one down
    rule add table 7`);
  const events = await until(
    watching,
    (event) => "origin" in event && event.origin === "kernel",
  );
  assert(events.every((event) => "object" in event && event.object === "rule"));
  assert(watching.all("link").length > 0, "names are known in any case");
  let thrown: unknown;
  try {
    watching.all("route");
  } catch (error) {
    thrown = error;
  }
  assert(thrown instanceof ArgumentError);
  await assertRejects(
    () => openMonitor(lab.ns, { objects: ["interface" as "link"] }),
    ArgumentError,
    "link",
  );
});

Deno.test("closing and aborting end a pending receive at once", async () => {
  const before = ownedDescriptors();
  {
    await using lab = await Lab.open("ns");
    const watching = await openMonitor(lab.ns);
    const began = performance.now();
    await assertEndsWhatWaits(watching);
    assert(performance.now() - began < 1000);
    const loop = new AbortController();
    let first = "";
    const looping = assertRejects(
      async () => {
        const options = { namespace: lab.ns.name, snapshot: true };
        const { signal } = loop;
        for await (const event of monitor(options, { signal })) {
          first ||= brief(event);
          if (first !== "") loop.abort(new Error("enough of it"));
        }
      },
      Error,
      "enough of it",
    );
    await looping;
    assertEquals(first, "new link lo (snapshot)");
  }
  await assertDescriptors(before);
});

Deno.test("closing ends a loop over it as a loop ends", async () => {
  await using lab = await Lab.open("here");
  await using watching = await openMonitor(lab.here, { objects: ["link"] });
  const names: string[] = [];
  const loop = (async () => {
    for await (const event of watching) {
      if ("object" in event && event.object === "link") {
        names.push(event.data.name);
        void watching.close();
      }
    }
  })();
  await lab.here.ip("link add br0 type bridge");
  await loop;
  assertEquals(names[0], "br0");
});

Deno.test("events that a loop received and did not return go to the next receive", async () => {
  await using lab = await Lab.open("here");
  await using watching = await openMonitor(lab.here, { objects: ["link"] });
  await lab.here.batch(`
    link add one type bridge
    link add two type bridge
    link add three type bridge
  `);
  const names: string[] = [];
  const take = (event: MonitorEvent) => {
    if (event.event !== "new" || event.object !== "link") return;
    names.push(event.data.name);
  };
  for await (const event of watching) {
    take(event);
    break;
  }
  while (names.at(-1) !== "three") {
    (await watching.receive({ timeout: 5000 })).forEach(take);
  }
  assertEquals(names, ["one", "two", "three"]);
});

Deno.test("leaving the loop closes it; a thousand monitors leave nothing behind", async () => {
  const before = ownedDescriptors();
  {
    await using lab = await Lab.open("ns");
    const options = { namespace: lab.ns.name, snapshot: true };
    for (let turn = 0; turn < 1000; turn++) {
      for await (const _ of monitor(options)) break;
    }
  }
  await assertDescriptors(before);
});

Deno.test("without any capability it reads, reports and recovers", async () => {
  await using lab = await routed();
  const library = new URL("../../../../mod.ts", import.meta.url).href;
  const program = `
    import { Monitor } from "${library}";
    const options = { snapshot: true, receiveBuffer: 65536 };
    await using monitor = await Monitor.open(options);
    const told = new Set();
    let recovered = 0;
    for await (const event of monitor) {
      if (event.origin === "snapshot") told.add(event.object);
      if (event.origin === "recovered") recovered++;
      if (told.size === 4 && recovered === 0) console.log([...told].join());
      if (event.event === "resynchronised") break;
    }
    console.log(recovered);`;
  await using running = new RunningProgram(
    { netns: lab.ns },
    ...[...AS_NOBODY, Deno.execPath(), "eval", "--quiet", program],
  );
  assertEquals(await running.line(), "link,address,route,rule");
  const [pid] = await lab.ns.pids();
  Deno.kill(pid, "SIGSTOP");
  try {
    await lab.ns.batch(
      Array.from(
        { length: 5000 },
        (_, i) => `route add 10.${100 + (i >> 8)}.${i & 255}.0/24 via 10.9.0.2`,
      )
        .join("\n"),
    );
  } finally {
    Deno.kill(pid, "SIGCONT");
  }
  const { code, stdout, stderr } = await running.end();
  assertEquals([code, stderr], [0, ""]);
  assert(Number(stdout.trim().split("\n").at(-1)) > 1000, stdout);
});
