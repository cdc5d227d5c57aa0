// A shell that runs the commands of a page, in new network and mount namespaces:
// only the loopback interface, no named network namespaces, an empty home
// directory with the checkout in ~/netplumb.

import { pattern, type Step } from "./blocks.ts";
import { installed } from "../support/installed.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Lines that the kernel's timing may or may not cause. */
const NOISE = /router solicitation|listener report/;

const START = `exec 2>&1
set +m
mount --make-rprivate / && mount -t tmpfs tmpfs /run/netns || exit
ip link set lo up
cd "$ROOT"
`;

/** One bash for one page. */
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
    await Deno.mkdir(`${bin}/home`);
    await Deno.symlink(ROOT, `${bin}/home/netplumb`);
    const { HOME, XDG_CACHE_HOME = `${HOME}/.cache` } = Deno.env.toObject();
    const child = new Deno.Command("unshare", {
      args: ["--net", "--mount", "--kill-child", "--fork", "bash", "-s"],
      env: {
        ROOT,
        HOME: `${bin}/home`,
        DENO_DIR: Deno.env.get("DENO_DIR") ?? `${XDG_CACHE_HOME}/deno`,
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

  /** Saves a file in the current directory, which may not be in the checkout. */
  async save(file: string, text: string): Promise<void> {
    const { lines: [directory] } = await this.run("pwd -P");
    if (`${directory}/`.startsWith(await Deno.realPath(ROOT))) {
      throw new Error(`${file} would be saved in the checkout`);
    }
    await Deno.writeTextFile(`${directory}/${file}`, text);
  }

  /** Types a line; does not wait. */
  async type(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** Types a command and waits for its expected lines, in any order. */
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

  /** Runs a command to its end; returns the output since the last step. */
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

  /** Ends the shell and its background jobs. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.type("kill $(jobs -p) 2>/dev/null; wait; exit\n")
      .catch(() => {});
    await this.#input.close().catch(() => {});
    // A command in the foreground that does not end would block the shell.
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
    while (!(await this.#output.read()).done);
    await this.#child.status;
    clearTimeout(kill);
    await Deno.remove(this.#bin, { recursive: true });
  }
}
