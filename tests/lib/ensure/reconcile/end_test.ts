// How the reconcile loop ends: by close(), by a signal, by leaving the loop; and
// what it survives.

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClosedError } from "../../../../lib/errors.ts";
import type { NetworkConfiguration } from "../../../../lib/ensure/parse/configuration.ts";
import { Reconciler } from "../../../../lib/ensure/reconcile/reconciler.ts";
import { parseConfiguration } from "../../../../lib/ensure/parse/parse.ts";
import type { ReconcileReport } from "../../../../lib/ensure/reconcile/reports.ts";
import { openDescriptors } from "../../../support/descriptors.ts";
import { Lab } from "../../../support/netns.ts";
import { script } from "../../../support/script.ts";
import { atOnce } from "../../../support/timing.ts";

/** More arguments than a call takes. */
const MANY = 150_000;

const described = (name: string): NetworkConfiguration => ({
  namespaces: {
    [name]: {
      exclusive: ["routes"],
      links: [{ name: "lo", up: true, addresses: ["192.0.2.1/24"] }],
    },
  },
});

/** A network that is as described. */
async function opened(description: NetworkConfiguration): Promise<Reconciler> {
  const reconciler = await Reconciler.open(parseConfiguration(description));
  assertEquals((await reconciler.apply()).refused, undefined);
  return reconciler;
}

function blackholes(count: number): string {
  const lines = Array.from(
    { length: count },
    (_, at) =>
      `route add blackhole 10.${at >> 16}.${at >> 8 & 255}.${at & 255}/32`,
  );
  return lines.join("\n");
}

/** Corrects something, so that the loop is known to be at work. */
async function faults(
  lab: { readonly one: { ip(command: string): Promise<string> } },
  reports: AsyncGenerator<ReconcileReport, void, void>,
): Promise<void> {
  const next = reports.next();
  await lab.one.ip("address delete 192.0.2.1/24 dev lo");
  assertEquals((await next).value?.event, "corrected");
}

Deno.test("close() ends reconcile() that waits for an event, and all its descriptors", async () => {
  await using lab = await Lab.open("one");
  const before = openDescriptors();
  const reconciler = await opened(described(lab.one.name));
  const reports = reconciler.reconcile();
  await faults(lab, reports);
  const next = reports.next();
  await atOnce(() => reconciler.close());
  assertEquals(await next, { value: undefined, done: true });
  assertEquals(await reports.next(), { value: undefined, done: true });
  assertEquals(openDescriptors(), before);
  for (
    const call of [
      () => reconciler.plan(),
      () => reconciler.apply(),
      () => reconciler.messages([]),
      () => reconciler.replace(reconciler.desired),
    ]
  ) await assertRejects(call, ClosedError);
  // Nor does one begin that was not begun yet.
  assertEquals((await reconciler.reconcile().next()).done, true);
  assertEquals(openDescriptors(), before);
});

Deno.test("close() ends reconcile() in the middle of a correction, which is not reported as refused", async () => {
  await using lab = await Lab.open("one");
  const before = openDescriptors();
  const reconciler = await opened(described(lab.one.name));
  const reports: ReconcileReport[] = [];
  const { promise: first, resolve } = Promise.withResolvers<void>();
  const loop = (async () => {
    for await (const report of reconciler.reconcile()) {
      reports.push(report);
      resolve();
    }
  })();
  const adding = lab.one.batch(blackholes(30_000));
  try {
    await first;
    // Thousands are left, of which some are being removed.
    await atOnce(async () => {
      await reconciler.close();
      await loop;
    });
  } finally {
    await adding;
  }
  assertEquals(reports.filter(({ event }) => event === "refused"), []);
  const { length } = reports;
  await lab.one.ip("route add blackhole 198.51.100.0/24");
  assertEquals(reports.length, length);
  assertEquals(openDescriptors(), before);
});

Deno.test("close() ends reconcile() whose report is still looked at", async () => {
  await using lab = await Lab.open("one");
  const before = openDescriptors();
  const reconciler = await opened(described(lab.one.name));
  const reports = reconciler.reconcile();
  await faults(lab, reports);
  await reconciler.close();
  assertEquals(openDescriptors(), before);
  assertEquals(await reports.next(), { value: undefined, done: true });
});

Deno.test("close() ends apply() with ClosedError", async () => {
  await using lab = await Lab.open("one");
  const reconciler = await opened(described(lab.one.name));
  await lab.one.batch(blackholes(20_000));
  const applying = assertRejects(() => reconciler.apply(), ClosedError);
  await reconciler.close();
  await applying;
});

Deno.test("an aborted signal ends reconcile() with its reason", async () => {
  await using lab = await Lab.open("one");
  const before = openDescriptors();
  {
    await using reconciler = await opened(described(lab.one.name));
    for (const disturb of [false, true]) {
      const stop = new AbortController();
      const reports = reconciler.reconcile({ signal: stop.signal });
      if (disturb) await faults(lab, reports);
      const next = reports.next();
      const reason = new Error("enough");
      stop.abort(reason);
      assertEquals(await next.catch((error) => error), reason);
      assertEquals((await reports.next()).done, true);
      const late = reconciler.reconcile({ signal: stop.signal });
      assertEquals(await late.next().catch((error) => error), reason);
    }
  }
  assertEquals(openDescriptors(), before);
});

Deno.test("return() ends a pending next() of reconcile()", async () => {
  await using lab = await Lab.open("one");
  const before = openDescriptors();
  {
    await using reconciler = await opened(described(lab.one.name));
    const reports = reconciler.reconcile();
    await faults(lab, reports);
    const next = reports.next();
    await atOnce(() => reports.return());
    assertEquals(await next, { value: undefined, done: true });
    // Another loop goes on from here.
    const others = reconciler.reconcile();
    await faults(lab, others);
    await others.return();
  }
  assertEquals(openDescriptors(), before);
});

Deno.test("a program whose reconciler is closed ends by itself", async () => {
  await using lab = await Lab.open("one");
  const description = JSON.stringify(described(lab.one.name));
  const { code, stdout, stderr } = await script(`
    import { Reconciler } from "lib:/ensure/reconcile/reconciler.ts";
    import { parseConfiguration } from "lib:/ensure/parse/parse.ts";
    const reconciler = await Reconciler.open(parseConfiguration(${description}));
    await reconciler.apply();
    setTimeout(() => reconciler.close(), 200);
    for await (const { event } of reconciler.reconcile()) console.log(event);
    console.log("over");
  `);
  assertEquals([code, stdout], [0, "over\n"], stderr);
});

Deno.test(`exclusive outlives ${MANY} routes added beside it`, async () => {
  await using lab = await Lab.open("one");
  await using reconciler = await opened(described(lab.one.name));
  const stop = new AbortController();
  const events = new Map<string, number>();
  const names = new Set<string>();
  const adding = lab.one.batch(blackholes(MANY));
  const kept = (async () => {
    for await (const report of reconciler.reconcile({ signal: stop.signal })) {
      events.set(report.event, (events.get(report.event) ?? 0) + 1);
      if (report.event !== "corrected") continue;
      names.add(report.action.name);
      if (names.size === MANY) break;
    }
  })();
  await Promise.all([adding, kept]);
  assertEquals(await lab.one.ip("route show type blackhole"), "");
  // Once each: an action is not repeated while its event is on its way.
  assertEquals(events.get("corrected"), MANY);
  assert(!events.has("refused") && !events.has("conflict"));
});
