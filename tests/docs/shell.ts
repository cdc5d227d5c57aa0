// A shell that commands of a document are typed into, on a machine of its own:
// a network with nothing but loopback, and no named namespaces.

import { pattern, type Step } from "./blocks.ts";
import { installed } from "../support/installed.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** What comes or does not, as it happens. */
const NOISE = /router solicitation|listener report/;

/** What a reader has, as far as the documents speak of it. */
const START = `exec 2>&1
set +m
mount --make-rprivate / && mount -t tmpfs tmpfs /run/netns || exit
ip link set lo up
cd "$ROOT"
`;

/** One bash for the length of a document. */
export class Shell implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: ReadableStreamDefaultReader<string>;
  readonly #bin: string;
  #rest = "";

  private constructor(child: Deno.ChildProcess, bin: string) {
    this.#child = child;
    this.#bin = bin;
    this.#input = child.stdin.getWriter();
    this.#output = child.stdout.pipeThrough(new TextDecoderStream())
      .getReader();
  }

  static async open(): Promise<Shell> {
    const { path: bin } = await installed();
    await Deno.symlink(Deno.execPath(), `${bin}/deno`);
    // CI runs the tests through npx itself; here there is no registry.
    await Deno.writeTextFile(
      `${bin}/npx`,
      `#!/bin/sh\n[ "$1 $2" = "--yes deno@${Deno.version.deno}" ] || exit 99\n` +
        `shift 2; exec deno "$@"\n`,
      { mode: 0o755 },
    );
    await Deno.mkdir("/run/netns", { recursive: true });
    const child = new Deno.Command("unshare", {
      args: ["--net", "--mount", "--kill-child", "--fork", "bash", "-s"],
      env: {
        ROOT,
        NO_COLOR: "1",
        PATH: `${bin}:${Deno.env.get("PATH")}`,
        DENO_INSTALL_ROOT: `${bin}/installed`,
      },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const shell = new Shell(child, bin);
    await shell.type(START);
    return shell;
  }

  /** Types what a reader would; does not wait. */
  async type(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** Types a command and waits for what it is said to print, in any order. */
  async step({ command, expected }: Step): Promise<void> {
    await this.type(`${command}\n`);
    const missing = [...expected];
    const late = setTimeout(() => this.#output.cancel(), 60_000);
    try {
      while (missing.length > 0) {
        const line = await this.#line();
        const found = missing.findIndex((each) => pattern(each).test(line));
        if (found < 0 && NOISE.test(line)) continue;
        if (found < 0) {
          throw new Error(
            `$ ${command}\nprinted: ${line}\nexpected: ${missing.join("\n")}`,
          );
        }
        missing.splice(found, 1);
      }
    } catch (error) {
      throw new Error(`$ ${command}\nstill to come: ${missing.join("\n")}`, {
        cause: error,
      });
    } finally {
      clearTimeout(late);
    }
  }

  /** Runs a command to its end; gives what it and those before it printed. */
  async run(command: string): Promise<{ code: number; lines: string[] }> {
    const end = `end-${crypto.randomUUID()}`;
    await this.type(`${command}\nprintf '%s %s\\n' ${end} $?\n`);
    const lines: string[] = [];
    for (;;) {
      const line = await this.#line();
      if (line.startsWith(end)) {
        return { code: Number(line.slice(end.length)), lines };
      }
      lines.push(line);
    }
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#rest.indexOf("\n");
      if (end >= 0) {
        const line = this.#rest.slice(0, end);
        this.#rest = this.#rest.slice(end + 1);
        return line;
      }
      const { value, done } = await this.#output.read();
      if (done) throw new Error(`the shell ended: ${this.#rest}`);
      this.#rest += value;
    }
  }

  /** Ends it and what it left running. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.type("kill $(jobs -p) 2>/dev/null; wait; exit\n")
      .catch(() => {});
    await this.#input.close().catch(() => {});
    while (!(await this.#output.read()).done);
    await this.#child.status;
    await Deno.remove(this.#bin, { recursive: true });
  }
}
