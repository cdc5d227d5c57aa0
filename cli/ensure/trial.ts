// A trial of a configuration (--try): another process, which survives the end of
// this one, restores the state before unless the trial is confirmed.

import { exportConfiguration } from "../../lib/ensure/export/export.ts";
import type { DesiredNetwork } from "../../lib/ensure/parse/desired.ts";
import { parseConfiguration } from "../../lib/ensure/parse/parse.ts";
import { Reconciler } from "../../lib/ensure/reconcile/reconciler.ts";
import { identifyNamespace } from "../../lib/netns/namespace_names.ts";
import { readSysctl } from "../../lib/netns/sysctl.ts";
import { Exit } from "../failure.ts";
import { Output } from "../output/output.ts";
import type { Session } from "../perform.ts";
import { apply } from "./apply.ts";
import { ControlSocket, request } from "./control.ts";
import { valueOf } from "./file.ts";
import { NamespaceLocks } from "./lock.ts";
import type { Source } from "./source.ts";
import { SavedState } from "./state.ts";

/** The signal that confirms a trial. */
const CONFIRM = "SIGUSR1";

/** What the restoring process is sent. */
interface Restoration {
  /** Milliseconds until it restores the state. */
  readonly time: number;
  readonly netns: string | undefined;
  /** The state before, as a configuration. */
  readonly before: unknown;
  /** The configuration on trial. */
  readonly tried: unknown;
  readonly json: boolean;
}

/** A configuration on trial. */
export class Trial implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #session: Session;
  readonly #confirmed = Promise.withResolvers<void>();
  readonly #confirm = () => this.#confirmed.resolve();
  readonly #time: number;
  #control: ControlSocket | undefined;
  #isOver = false;

  private constructor(restoration: Restoration, session: Session) {
    this.#session = session;
    this.#time = restoration.time;
    this.#process = new Deno.Command(Deno.execPath(), {
      args: [
        ...Deno.build.standalone ? [] : ["run", "-A", Deno.mainModule],
        ...["ensure", "--restore"],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#process.stdin.getWriter();
    this.#lines = this.#process.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
    Deno.addSignalListener(CONFIRM, this.#confirm);
  }

  /**
   * Exports the state, and starts the process that restores it.
   *
   * @param time Milliseconds until then.
   */
  static async start(
    source: Source,
    reconciler: Reconciler,
    time: number,
    session: Session,
  ): Promise<Trial> {
    const { netns } = source;
    const { desired } = reconciler;
    const { json } = session.output;
    const before = await stateBefore(desired, netns, session.signal);
    const tried = await withOriginalNames(reconciler, session.signal);
    const restoration = { time, netns, before, tried, json };
    const trial = new Trial(restoration, session);
    try {
      await trial.#send(JSON.stringify(restoration));
      const { done } = await trial.#lines.read();
      if (done) throw new Error("the process that restores the state failed");
      const { controlPath } = source;
      if (controlPath !== undefined) {
        const state = { event: "trial", file: source.path, pid: Deno.pid };
        const line = `${source.path}: on trial; process ${Deno.pid}`;
        trial.#control = await ControlSocket.listen(controlPath, {
          confirm() {
            trial.#confirm();
            return { confirmed: true };
          },
          status: () => ({ ...state, problems: [], text: [line] }),
        });
      }
      return trial;
    } catch (error) {
      await trial[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Waits until it is confirmed; false after the state was restored. */
  async confirmed(): Promise<boolean> {
    const { output, signal } = this.#session;
    const seconds = this.#time / 1000;
    output.event(
      { event: "trial", seconds, pid: Deno.pid },
      () => `on trial for ${seconds} s: confirm with --confirm or ${CONFIRM}`,
    );
    await output.flush();
    const stopped = Promise.withResolvers<void>();
    const stop = () => stopped.resolve();
    signal.addEventListener("abort", stop);
    const next = this.#lines.read();
    const isConfirmed = await Promise.race([
      this.#confirmed.promise.then(() => true),
      stopped.promise.then(() => false),
      // The time is over.
      next.then(() => false),
    ]);
    signal.removeEventListener("abort", stop);
    if (isConfirmed) {
      await this.#send("keep");
      await this.#input.close();
      // A confirmation that came too late does not count.
      if ((await next).done) {
        this.#isOver = true;
        output.event({ event: "confirmed" }, () => "confirmed");
        return true;
      }
    }
    await this.#restored(next);
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.removeSignalListener(CONFIRM, this.#confirm);
    await this.#control?.[Symbol.asyncDispose]();
    if (!this.#isOver) await this.#restored(this.#lines.read());
    await this.#input.close().catch(() => {});
    await this.#process.status;
  }

  async #send(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${text}\n`));
  }

  /** Waits for the restoration and prints its output. */
  async #restored(
    next: Promise<ReadableStreamReadResult<string>>,
  ): Promise<void> {
    this.#isOver = true;
    await this.#input.close().catch(() => {});
    for (
      let { done, value } = await next;
      !done;
      { done, value } = await this.#lines.read()
    ) this.#session.output.raw(value!);
    const { code } = await this.#process.status;
    Deno.exitCode = code === Exit.done ? Exit.differs : code;
  }
}

/** The configuration on trial, with the names that its devices have before. */
async function withOriginalNames(
  reconciler: Reconciler,
  signal: AbortSignal,
): Promise<unknown> {
  const { desired } = reconciler;
  const value = structuredClone(valueOf(desired));
  const isIdentified = desired.namespaces.some(({ links }) =>
    links.some(({ identity }) => identity !== undefined)
  );
  if (!isIdentified) return value;
  const { actions } = await reconciler.plan({ signal });
  for (const { object, path, differences } of actions) {
    const name = differences.find(({ key }) => key === "name")?.is;
    if (object !== "link" || name === undefined || path === undefined) {
      continue;
    }
    let link = value as Record<string | number, unknown>;
    for (const key of path) link = link[key] as typeof link;
    if (link.identify) link.identify = { ...link.identify, name };
  }
  return value;
}

/** The state of the namespaces of a configuration, as a configuration. */
async function stateBefore(
  { namespaces }: DesiredNetwork,
  netns: string | undefined,
  signal: AbortSignal,
): Promise<unknown> {
  const there = namespaces.filter(({ name, foreignPath }) =>
    name === undefined || identifyNamespace(foreignPath ?? name) !== undefined
  );
  const { namespaces: named = {}, ...top } = await exportConfiguration({
    namespace: netns,
    namespaces: there.flatMap(({ name, foreignPath: path }) =>
      name === undefined ? [] : path === undefined ? name : { name, path }
    ),
    isComplete: true,
    signal,
  });
  const withSysctls = (name: string | undefined, found: object = {}) => {
    const one = there.find((namespace) => namespace.name === name);
    const all = one === undefined ? [] : [
      ...one.sysctls,
      ...one.links.flatMap(({ sysctls }) => sysctls),
    ];
    const sysctls = Object.fromEntries(all.flatMap((sysctl) => {
      const where = one?.foreignPath ?? name ?? netns;
      const value = readSysctl(where, sysctl.name);
      return value === undefined ? [] : [[sysctl.name, value]];
    }));
    return { ...found, sysctls };
  };
  return {
    // A configuration of other namespaces changes nothing here.
    ...there.some(({ name }) => name === undefined)
      ? withSysctls(undefined, top)
      : {},
    namespaces: Object.fromEntries(
      there.flatMap(({ name }) =>
        name === undefined ? [] : [[name, withSysctls(name, named[name])]]
      ),
    ),
  };
}

/** Confirms the trial of a file. */
export async function confirmTrial(source: Source): Promise<void> {
  const { controlPath, path } = source;
  const reply = controlPath === undefined
    ? undefined
    : await request(controlPath, "confirm");
  if ((reply as { confirmed?: true } | undefined)?.confirmed) return;
  throw new Error(`no trial of ${path} is running`);
}

/**
 * Restores a state unless "keep" is on stdin in time; also if the other process
 * was killed, which closes stdin. Signals of the terminal do not stop it.
 */
export async function restore(): Promise<void> {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => {});
  }
  const input = Deno.stdin.readable.pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await input.read();
    if (done) return;
    text += value;
  }
  const { time, netns, before, tried, json }: Restoration = JSON.parse(text);
  const desired = parseConfiguration(before);
  const previous = parseConfiguration(tried);
  await using output = new Output({ json });
  // The other process may have ended.
  output.dropLinesOnError();
  output.line("ready");
  await output.flush();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), time);
  });
  const reply = input.read().then(({ value }) => value === "keep\n");
  const isKept = await Promise.race([reply, late]);
  clearTimeout(timer);
  if (isKept) return;
  output.event(
    { event: "restoring" },
    () => "not confirmed: restoring the state before",
  );
  await output.flush();
  const { signal } = new AbortController();
  using _locks = await NamespaceLocks.acquire(previous, netns, signal);
  await using reconciler = await Reconciler.open(desired, {
    namespace: netns,
    created: new SavedState(),
  });
  await apply(reconciler, previous, { output, signal });
}
