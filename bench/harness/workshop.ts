// Builds the programs of a topic: peers are compiled; a peer that is not
// available is skipped and named.

import { checkout } from "./checkout.ts";
import { Program, type StartOptions } from "./program.ts";

const PEERS = new URL("../peers/", import.meta.url).pathname;
const OWN = new URL("../programs/", import.meta.url).pathname;
const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;

/** A skipped peer. */
export interface Absence {
  readonly name: string;
  readonly reason: string;
}

/** The command line of the command, as `deno task install` writes it. */
export function netplumb(...args: string[]): string[] {
  const root = checkout();
  const manifest = JSON.parse(Deno.readTextFileSync(`${root}/deno.json`));
  const [flags] = manifest.tasks.install.match(/--v8-flags=\S+/) ?? [];
  const options = flags === undefined ? [] : [flags];
  const main = `${root}/cli/main.ts`;
  return [Deno.execPath(), "run", "-A", ...options, main, ...args];
}

/** The command line of a program in bench/programs. */
export function own(script: string, ...args: string[]): string[] {
  return [Deno.execPath(), "run", "-A", OWN + script, ...args];
}

/** The same with exposed garbage collection, for memory measurements. */
export function ownWithGc(script: string, ...args: string[]): string[] {
  const [deno, run, ...rest] = own(script, ...args);
  return [deno, run, "--v8-flags=--expose-gc", ...rest];
}

/** The command line of an example. */
export function example(script: string, ...args: string[]): string[] {
  return [Deno.execPath(), "run", "-A", EXAMPLES + script, ...args];
}

/** The path of a peer that is not compiled. */
export function peer(script: string): string {
  return PEERS + script;
}

/** Builds and starts programs; ends and removes them on disposal. */
export class Workshop implements AsyncDisposable {
  readonly absent: Absence[] = [];
  readonly #owned = new AsyncDisposableStack();
  readonly #built = new Map<string, string>();
  #directory: string | undefined;
  #closing: Promise<void> | undefined;

  /** Records that a peer is skipped. */
  leaveOut(name: string, reason: string): void {
    this.absent.push({ name, reason });
  }

  /** Starts a program that runs until the end of the topic. */
  async start(
    command: readonly string[],
    options?: StartOptions,
  ): Promise<Program> {
    return this.#owned.use(await Program.start(command, options));
  }

  /** Disposes of a value at the end of the topic. */
  use<T extends AsyncDisposable>(value: T): T {
    return this.#owned.use(value);
  }

  /** Whether a program or a file is installed; records it as skipped if not. */
  async has(name: string, program: string): Promise<boolean> {
    if (await found(program)) return true;
    this.leaveOut(name, `${program} is not installed`);
    return false;
  }

  /** Compiles bench/peers/NAME.c; returns the path of the program. */
  c(name: string, ...flags: string[]): Promise<string> {
    return this.#build(`${name}.c`, (source, target) => [
      "gcc",
      "-O2",
      "-D_GNU_SOURCE",
      "-o",
      target,
      source,
      ...flags,
    ]);
  }

  /** Compiles bench/peers/NAME.go with Debian's Go packages. */
  go(name: string): Promise<string> {
    return this.#build(
      `${name}.go`,
      (source, target) => ["go", "build", "-o", target, source],
      { GOPATH: "/usr/share/gocode", GO111MODULE: "off", GOFLAGS: "" },
    );
  }

  /** A temporary directory, removed at the end of the topic. */
  async directory(): Promise<string> {
    return this.#directory ??= await Deno.makeTempDir({
      prefix: "netplumb-bench-",
    });
  }

  async #build(
    file: string,
    command: (source: string, target: string) => string[],
    env: Record<string, string> = {},
  ): Promise<string> {
    const known = this.#built.get(file);
    if (known !== undefined) return known;
    const directory = await this.directory();
    const target = `${directory}/${file.replace(/\.\w+$/, "")}`;
    const [program, ...args] = command(PEERS + file, target);
    const { success, stderr } = await new Deno.Command(program, {
      args,
      env: { ...env, GOCACHE: `${directory}/go` },
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    this.#built.set(file, target);
    return target;
  }

  /** A second call waits for the first. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.#owned.disposeAsync();
    if (this.#directory !== undefined) {
      await Deno.remove(this.#directory, { recursive: true });
    }
  }
}

/** Whether a path exists, or a program in PATH. */
async function found(program: string): Promise<boolean> {
  const directories = program.startsWith("/")
    ? [""]
    : (Deno.env.get("PATH") ?? "").split(":").map((path) => `${path}/`);
  for (const directory of directories) {
    try {
      await Deno.stat(directory + program);
      return true;
    } catch { /* not in this one */ }
  }
  return false;
}
