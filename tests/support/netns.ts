// A lab of network namespaces for one test: made with iproute2, named so that
// tests can run side by side, gone when the test ends however it ends.

let counter = 0;

/** What a finished program printed. */
export interface Output {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; failing is for the caller to judge. */
export async function output(
  command: string,
  args: readonly string[],
  options: { stdin?: string; env?: Record<string, string> } = {},
): Promise<Output> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    env: options.env,
  }).spawn();
  // Reading already while writing: a program may print before it has read all.
  const finished = child.output();
  if (options.stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(options.stdin));
    await writer.close();
  }
  const { code, stdout, stderr } = await finished;
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

/** Runs a program that must succeed and gives what it printed on stdout. */
export async function run(
  command: string,
  args: readonly string[],
  options?: { stdin?: string },
): Promise<string> {
  const result = await output(command, args, options);
  if (result.code !== 0) {
    throw new Error(
      `${command} ${args.join(" ")}: exit ${result.code}\n${result.stderr}`,
    );
  }
  return result.stdout;
}

/** One namespace of a lab. */
export class Netns {
  constructor(readonly name: string) {}

  /** Runs `ip` in it, the arguments in one string. */
  ip(command: string): Promise<string> {
    return run("ip", ["-n", this.name, ...words(command)]);
  }

  /** Runs many `ip` commands in it, a line each, through one `ip -batch`. */
  async batch(commands: string): Promise<void> {
    const lines = commands.split("\n").map((line) => line.trim())
      .filter((line) => line !== "");
    await run("ip", ["-n", this.name, "-batch", "-"], {
      stdin: lines.join("\n") + "\n",
    });
  }

  /** What `ip -j` says of it. */
  async json<T = Record<string, unknown>>(command: string): Promise<T[]> {
    const text = await run("ip", ["-n", this.name, "-j", ...words(command)]);
    return parseIpJson(text) as T[];
  }

  /** The words that run a program in it, to put before the program's own. */
  get exec(): string[] {
    return ["ip", "netns", "exec", this.name];
  }

  /** Runs a program in it to its end. */
  output(
    command: string,
    args: readonly string[],
    options?: { stdin?: string; env?: Record<string, string> },
  ): Promise<Output> {
    const [ip, ...rest] = this.exec;
    return output(ip, [...rest, command, ...args], options);
  }

  /** Runs a program in it that must succeed. */
  run(
    command: string,
    args: readonly string[],
    options?: { stdin?: string },
  ): Promise<string> {
    const [ip, ...rest] = this.exec;
    return run(ip, [...rest, command, ...args], options);
  }

  /** Starts a program in it; the caller ends it. */
  spawn(
    command: string,
    args: readonly string[],
    options: Omit<Deno.CommandOptions, "args"> = {},
  ): Deno.ChildProcess {
    const [ip, ...rest] = this.exec;
    return new Deno.Command(ip, {
      ...options,
      args: [...rest, command, ...args],
    }).spawn();
  }

  /** The processes in it. */
  async pids(): Promise<number[]> {
    const { stdout } = await output("ip", ["netns", "pids", this.name]);
    return stdout.split("\n").filter(Boolean).map(Number);
  }

  /**
   * Waits until a link that was set up carries packets. The kernel takes note of
   * a carrier up to a second late and drops what is sent until then.
   */
  async carries(link: string): Promise<void> {
    const seen = () => this.json(`link show dev ${link}`);
    while ((await seen())[0].operstate !== "UP");
  }

  async sysctl(key: string, value: string | number): Promise<void> {
    await this.run("sysctl", ["-qw", `${key}=${value}`]);
  }
}

/** A namespace for a test to make itself; it is gone when the test ends. */
export class UnmadeNetns extends Netns implements AsyncDisposable {
  constructor(role: string) {
    super(`np${Deno.pid.toString(36)}-${(counter++).toString(36)}-${role}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await output("ip", ["netns", "delete", this.name]);
  }
}

function words(command: string): string[] {
  return command.trim().split(/\s+/);
}

/**
 * Namespaces, each with its loopback up.
 *
 * ```ts
 * await using lab = await Lab.open("server", "client");
 * await lab.veth("server", "eth0", "client", "eth0");
 * await lab.server.ip("address add 192.0.2.1/24 dev eth0");
 * ```
 */
export class Lab<Role extends string> implements AsyncDisposable {
  readonly #namespaces: Map<Role, Netns>;

  private constructor(namespaces: Map<Role, Netns>) {
    this.#namespaces = namespaces;
  }

  static async open<const Role extends string>(
    ...roles: Role[]
  ): Promise<Lab<Role> & { readonly [R in Role]: Netns }> {
    const id = `np${Deno.pid.toString(36)}-${(counter++).toString(36)}`;
    const namespaces = new Map<Role, Netns>();
    const lab = new Lab(namespaces);
    try {
      for (const role of roles) {
        const namespace = new Netns(`${id}-${role}`);
        await run("ip", ["netns", "add", namespace.name]);
        namespaces.set(role, namespace);
        Object.defineProperty(lab, role, { value: namespace });
        // Duplicate address detection would keep v6 addresses tentative for a
        // second; the lab's addresses are its own.
        await namespace.run("sh", [
          "-c",
          "for kind in all default; do" +
          " echo 0 > /proc/sys/net/ipv6/conf/$kind/accept_dad; done;" +
          " ip link set lo up",
        ]);
      }
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
    return lab as Lab<Role> & { readonly [R in Role]: Netns };
  }

  /** Joins two namespaces by a veth pair, both ends up and carrying packets. */
  async veth(a: Role, aName: string, b: Role, bName: string): Promise<void> {
    const [left, right] = [this.#get(a), this.#get(b)];
    await left.ip(
      `link add ${aName} type veth peer name ${bName} netns ${right.name}`,
    );
    await left.ip(`link set ${aName} up`);
    await right.ip(`link set ${bName} up`);
    await Promise.all([left.carries(aName), right.carries(bName)]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const namespace of this.#namespaces.values()) {
      const found = new Set(await namespace.pids());
      // A process that inspects all namespaces is in this one only for a moment.
      const staying = found.size === 0 ? [] : await namespace.pids();
      for (const pid of staying) {
        if (!found.has(pid)) continue;
        try {
          Deno.kill(pid, "SIGKILL");
        } catch { /* it ended by itself */ }
      }
      await output("ip", ["netns", "delete", namespace.name]);
    }
    this.#namespaces.clear();
  }

  #get(role: Role): Netns {
    const namespace = this.#namespaces.get(role);
    if (namespace === undefined) throw new Error(`no namespace ${role}`);
    return namespace;
  }
}
import { parseIpJson } from "./same_json.ts";
