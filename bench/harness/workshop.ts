// Builds the programs of a topic: peers are compiled; a peer that is not
// available is skipped and named.

import { dirname } from "node:path";
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

  /**
   * Compiles the package bench/peers/go/NAME; the path of the program, undefined
   * if it cannot be built here.
   */
  go(peerName: string, name: string): Promise<string | undefined> {
    return this.#optional(
      peerName,
      "go",
      `go/${name}`,
      (_, target) => ["go", "build", "-o", target, `./${name}`],
    );
  }

  /** Compiles bench/peers/rust/src/bin/NAME.rs, as `go` does. */
  async rust(peerName: string, name: string): Promise<string | undefined> {
    const directory = await this.directory();
    const built = `${directory}/cargo`;
    const made = await this.#optional(
      peerName,
      "cargo",
      `rust/${name}`,
      // deno-fmt-ignore
      () => [
        "cargo", "build", "--release", "--locked", "--bin", name,
        "--target-dir", built,
      ],
    );
    return made && `${built}/release/${name}`;
  }

  /**
   * Installs a Python package; the path of its program, undefined if it cannot be
   * installed here.
   */
  async pip(
    peerName: string,
    requirement: string,
    program: string,
  ): Promise<string | undefined> {
    const directory = await this.directory();
    const at = `${directory}/${program}-venv`;
    const made = await this.#optional(
      peerName,
      "python3",
      `pip/${program}`,
      // deno-fmt-ignore
      () => [
        "sh", "-ec",
        'python3 -m venv "$0"; "$0/bin/pip" install --quiet "$1"',
        at, requirement,
      ],
      directory,
    );
    return made && `${at}/bin/${program}`;
  }

  /** A temporary directory, removed at the end of the topic. */
  async directory(): Promise<string> {
    return this.#directory ??= await Deno.makeTempDir({
      prefix: "netplumb-bench-",
    });
  }

  /** Builds what needs packages of the network; names a peer that has none. */
  async #optional(
    peerName: string,
    tool: string,
    source: string,
    command: (source: string, target: string) => string[],
    cwd = PEERS + dirname(source),
  ): Promise<string | undefined> {
    if (!await this.has(peerName, tool)) return undefined;
    try {
      return await this.#build(source, command, cwd);
    } catch (error) {
      const [reason] = String(error).split("\n");
      this.leaveOut(peerName, reason);
      return undefined;
    }
  }

  async #build(
    file: string,
    command: (source: string, target: string) => string[],
    cwd?: string,
  ): Promise<string> {
    const known = this.#built.get(file);
    if (known !== undefined) return known;
    const directory = await this.directory();
    const name = file.replaceAll("/", "-").replace(/\.\w+$/, "");
    const target = `${directory}/${name}`;
    const [program, ...args] = command(PEERS + file, target);
    const { success, stderr } = await new Deno.Command(program, {
      args,
      cwd,
      env: { GOCACHE: `${directory}/go-cache` },
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
