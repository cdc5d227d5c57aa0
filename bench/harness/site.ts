// Temporary namespaces with a network of a given size.

import { Lab, run } from "../../tests/support/netns.ts";
import { lines } from "./lines.ts";
import { WorkError } from "./case.ts";
import { ensureFile, type Kind, type Network } from "./network.ts";
import {
  disposeOnInterrupt,
  forgetDisposed,
  waitIfInterrupted,
} from "./cleanup.ts";
import { once, type OnceOptions } from "./once.ts";
import { Program } from "./program.ts";
import { netplumb } from "./workshop.ts";

/** Maximum time until an object is restored, in seconds. */
const RETURN_TIMEOUT = 60;
/**
 * A program is idle if it uses less than a tenth of this interval, in
 * milliseconds.
 */
const REST = 100;

/** Namespaces, and the configuration file for them. */
export class Site implements AsyncDisposable {
  readonly #lab: AsyncDisposable;
  readonly #network: Network;
  #closing: Promise<void> | undefined;
  readonly near: string;
  readonly far: string;
  readonly file: string;

  private constructor(
    lab: AsyncDisposable,
    places: { near: string; far: string },
    network: Network,
    file: string,
  ) {
    this.#lab = lab;
    this.near = places.near;
    this.far = places.far;
    this.#network = network;
    this.file = file;
  }

  /** Creates empty namespaces and the file. */
  static async open({ make }: Kind, size: number): Promise<Site> {
    await waitIfInterrupted();
    const opening = Lab.open("near", "far");
    const unfinished = disposeOnInterrupt({
      async [Symbol.asyncDispose]() {
        await (await opening)[Symbol.asyncDispose]();
      },
    });
    const lab = await opening;
    const places = { near: lab.near.name, far: lab.far.name };
    const network = make(size, places);
    const file = await Deno.makeTempFile({ prefix: "netplumb-bench-" });
    await Deno.writeTextFile(file, ensureFile(network));
    forgetDisposed(unfinished);
    return disposeOnInterrupt(new Site(lab, places, network, file));
  }

  /**
   * The same with the network, created by `ip`.
   *
   * @param checked Whether to check that `ensure` finds no difference.
   */
  static async made(
    kind: Kind,
    size: number,
    { checked = true }: { checked?: boolean } = {},
  ): Promise<Site> {
    const site = await Site.open(kind, size);
    try {
      await site.make();
      if (checked) await site.check();
      return site;
    } catch (error) {
      await site[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Creates the network by `ip -batch`, one process for each batch. */
  async make(
    run: (words: string[], options: OnceOptions) => Promise<unknown> = once,
  ): Promise<void> {
    for (const [name, commands] of this.#network.batches) {
      const stdin = commands.join("\n") + "\n";
      const where = name === undefined ? [] : ["-n", name];
      await run(["ip", ...where, "-batch", "-"], { stdin });
    }
  }

  /** Deletes all links, with their upper links. */
  async clear(): Promise<void> {
    const links: { ifname: string }[] = JSON.parse(
      await once(["ip", "-n", this.near, "-j", "link"]),
    );
    const stdin = links.filter(({ ifname }) => ifname !== "lo")
      .map(({ ifname }) => `link set ${ifname} group 7\n`).join("") +
      "link delete group 7\n";
    await once(["ip", "-n", this.near, "-batch", "-"], { stdin });
  }

  /** Whether `ensure` finds no difference. @throws {WorkError} */
  async check(): Promise<void> {
    const printed = await once(
      netplumb("ensure", this.file, "--once", "--json", "--quiet"),
    );
    const { added, changed, removed } = JSON.parse(
      printed.trim().split("\n").at(-1)!,
    );
    if (added + changed + removed === 0) return;
    throw new WorkError(
      `${added} added, ${changed} changed, ${removed} removed of what ip made`,
    );
  }

  /** A second call waits for the first. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    forgetDisposed(this);
    await Deno.remove(this.file);
    const { near, far } = this;
    const own = Object.keys(this.#network.namespaces)
      .filter((name) => name !== near && name !== far);
    for (const name of own) {
      await run("ip", ["netns", "delete", name]).catch(() => {});
    }
    await this.#lab[Symbol.asyncDispose]();
  }
}

/** Waits until a program is idle. */
async function atRest(program: Program): Promise<void> {
  for (let before = -1;;) {
    const now = program.cpuSeconds();
    if (before >= 0 && now - before < REST / 1e4) return;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, REST));
  }
}

/**
 * Processor time, in seconds, of a program that monitors a namespace in which a
 * network is created and deleted.
 *
 * @param command Its command line, for the name of a namespace.
 */
export async function followed(
  kind: Kind,
  size: number,
  command: (netns: string) => readonly string[],
): Promise<{ seconds: number; peak: number }> {
  await using site = await Site.open(kind, size);
  await using program = await Program.start(silent(command(site.near)));
  await atRest(program);
  const before = program.cpuSeconds();
  await site.make();
  await site.clear();
  await atRest(program);
  return { seconds: program.cpuSeconds() - before, peak: program.peak() };
}

/** The command line that runs a program without output. */
function silent(command: readonly string[]): string[] {
  return [
    "sh",
    "-c",
    'echo listening; exec "$@" > /dev/null 2>&1',
    "",
    ...command,
  ];
}

/** `netplumb ensure` as a reconciler, and `ip monitor` beside it. */
export class Reconciled implements AsyncDisposable {
  readonly #site: Site;
  readonly #restorable: NonNullable<Kind["restorable"]>;
  readonly #reconciler: Program;
  readonly #monitor: Deno.ChildProcess;
  readonly #lines: AsyncGenerator<string, void, void>;
  #item = 0;

  private constructor(
    site: Site,
    restorable: NonNullable<Kind["restorable"]>,
    reconciler: Program,
  ) {
    this.#site = site;
    this.#restorable = restorable;
    this.#reconciler = reconciler;
    this.#monitor = new Deno.Command("ip", {
      args: ["-n", site.near, "-o", "-ts", "monitor", restorable.object],
      stdin: "null",
      stdout: "piped",
    }).spawn();
    this.#lines = lines(this.#monitor.stdout);
  }

  /** Starts to reconcile an existing network. */
  static async start(
    site: Site,
    restorable: NonNullable<Kind["restorable"]>,
  ): Promise<Reconciled> {
    const command = netplumb("ensure", site.file, "--json", "--quiet");
    const reconciler = await Program.start(command, { ready: "summary" });
    const reconciled = new Reconciled(site, restorable, reconciler);
    await atRest(reconciler);
    return reconciled;
  }

  /**
   * Deletes one object; returns how long it was missing and the processor time,
   * in seconds.
   */
  async restore(): Promise<{ seconds: number; cpu: number; peak: number }> {
    const { object, words, shown } = this.#restorable;
    const item = this.#item++;
    const before = this.#reconciler.cpuSeconds();
    await once([
      ...["ip", "-n", this.#site.near, object, "delete"],
      ...words(item).split(" "),
    ]);
    const timer = setTimeout(
      () => this.#monitor.kill("SIGTERM"),
      RETURN_TIMEOUT * 1e3,
    );
    const seconds = await this.#away(shown(item));
    clearTimeout(timer);
    await atRest(this.#reconciler);
    const cpu = this.#reconciler.cpuSeconds() - before;
    return { seconds, cpu, peak: this.#reconciler.peak() };
  }

  /** How long an object was missing, by the times that `ip monitor` printed. */
  async #away(shown: string): Promise<number> {
    let deleted: number | undefined;
    for (;;) {
      const { value: line, done } = await this.#lines.next();
      if (done) throw new WorkError(`not back after ${RETURN_TIMEOUT} s`);
      if (!line.includes(shown)) continue;
      const time = Date.parse(/^\[(\S+)\]/.exec(line)?.[1] ?? "");
      const microseconds = Number(/\.\d{3}(\d{3})\]/.exec(line)?.[1] ?? 0);
      const seconds = time / 1e3 + microseconds / 1e6;
      if (line.includes("Deleted")) deleted = seconds;
      else if (deleted !== undefined) return seconds - deleted;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#reconciler[Symbol.asyncDispose]();
    try {
      this.#monitor.kill("SIGTERM");
    } catch { /* it ended by itself */ }
    await this.#lines.return();
    await this.#monitor.status;
  }
}
