// The action of netplumb ensure. What only some of its options need is imported
// when they are given.

import { Reconciler } from "../../lib/ensure/reconcile/reconciler.ts";
import { ArgumentError } from "../../lib/errors.ts";
import type { GlobalOptions } from "../command.ts";
import { perform, type Session } from "../perform.ts";
import {
  apply,
  preview,
  previewDown,
  takeDown,
  waitForMissing,
  waitReady,
} from "./apply.ts";
import { inputsOf, valueOf } from "./file.ts";
import { Source } from "./source.ts";
import { SavedState } from "./state.ts";

/** The options of netplumb ensure. */
export interface EnsureOptions extends GlobalOptions {
  readonly in?: string;
  readonly allNetns?: true;
  readonly once?: true;
  readonly dryRun?: true;
  readonly down?: true;
  readonly export?: true;
  readonly status?: true;
  readonly expand?: true;
  readonly watch?: true;
  readonly prune?: true;
  /** Milliseconds, or true for the default. */
  readonly wait?: number | true;
  /** Milliseconds. */
  readonly try?: number;
  readonly confirm?: true;
  readonly restore?: true;
  readonly details?: true;
}

/** The default time of --wait, in milliseconds. */
const WAIT = 60_000;

/**
 * Runs the command.
 *
 * @param path The configuration file, or "-" for stdin.
 */
export async function run(
  options: EnsureOptions,
  path: string | undefined,
): Promise<void> {
  if (options.restore) return await (await import("./trial.ts")).restore();
  await perform(options, (session) => runIn(session, options, path));
}

async function runIn(
  session: Session,
  options: EnsureOptions,
  path: string | undefined,
): Promise<void> {
  const { output, signal } = session;
  if (options.export) {
    const { exportState } = await import("./export.ts");
    return await exportState(options, session);
  }
  if (path === undefined) {
    throw new ArgumentError("FILE", "", "a configuration file");
  }
  const source = new Source(path, options.in, new SavedState());
  if (options.status) {
    const { showStatus } = await import("./status.ts");
    return await showStatus(source, output);
  }
  if (options.confirm) {
    return await (await import("./trial.ts")).confirmTrial(source);
  }
  const desired = await source.read(output);
  if (options.expand) {
    const { printConfiguration } = await import("./export.ts");
    return printConfiguration(valueOf(desired), output);
  }
  await using reconciler = await Reconciler.open(desired, {
    namespace: options.in,
    created: source.saved,
  });
  const { details, down, dryRun } = options;
  if (down) {
    if (dryRun) return await previewDown(reconciler, details, session);
    await refuseRunning(source);
    using _locks = await source.lock(desired, signal);
    await takeDown(reconciler, session);
    return source.forget();
  }
  const previous = options.prune ? source.previous() : undefined;
  if (dryRun) return await preview(reconciler, previous, details, session);
  const { try: time } = options;
  const applyOnce = async () => {
    using _locks = await source.lock(desired, signal);
    await apply(reconciler, previous, session);
    if (time === undefined) source.save(desired);
  };
  const waitIfAsked = async () => {
    if (options.wait === undefined) return;
    const wait = options.wait === true ? WAIT : options.wait;
    const end = performance.now() + wait;
    if (await waitForMissing(reconciler, wait, signal)) await applyOnce();
    const rest = Math.max(0, end - performance.now());
    await waitReady(reconciler, rest, session);
  };
  if (time !== undefined) {
    await refuseRunning(source);
    const { Trial } = await import("./trial.ts");
    await using trial = await Trial.start(source, reconciler, time, session);
    await applyOnce();
    if (!await trial.confirmed()) return;
    source.save(desired);
  }
  if (options.once) {
    if (time === undefined) await applyOnce();
    await waitIfAsked();
    return;
  }
  const { Reloads } = await import("./reloads.ts");
  const { Service } = await import("./service.ts");
  output.dropLinesOnError();
  await using service = await Service.open(reconciler, source);
  await using reloads = new Reloads(options.watch === true);
  await reloads.watch(inputsOf(desired));
  if (time === undefined) await applyOnce();
  await waitIfAsked();
  await service.run(reloads, session);
}

async function refuseRunning(source: Source): Promise<void> {
  const { refuseRunning } = await import("./status.ts");
  await refuseRunning(source);
}
