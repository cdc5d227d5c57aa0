// A server with several addresses, a client, and a plain C peer that sends requests
// what they see of each other.

import type { BindOptions } from "../../lib/udp/options.ts";
import { UdpSocket } from "../../lib/udp/socket.ts";
import { compileC } from "./c.ts";
import "./descriptors.ts";
import { Lab, type Netns } from "./netns.ts";
import { RunningProgram } from "./program.ts";

/** The server's addresses; the first one is primary, which routes choose. */
export const FOUR = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"];
export const SIX = ["2001:db8::1", "2001:db8::2"];
export const LINK_LOCAL = "fe80::1";

/** The client's. */
export const CLIENT = {
  four: "192.0.2.100",
  six: "2001:db8::100",
  linkLocal: "fe80::100",
} as const;

const SOURCE = new URL("udp_peer.c", import.meta.url);
let compiled: Promise<string> | undefined;

/** The path of the C peer, which goes when the tests of a file have run. */
function peer(): Promise<string> {
  return compiled ??= (async () => {
    const program = await compileC(await Deno.readTextFile(SOURCE));
    const directory = program.path.replace(/\/[^/]*$/, "");
    globalThis.addEventListener("unload", () => {
      Deno.removeSync(directory, { recursive: true });
    });
    return program.path;
  })();
}

/** Two namespaces joined by "wire" at the server's and "wire" at the client's. */
export class UdpLab implements AsyncDisposable {
  readonly #sockets = new AsyncDisposableStack();

  private constructor(
    readonly lab: Lab<"server" | "client">,
    readonly server: Netns,
    readonly client: Netns,
    readonly peer: string,
  ) {}

  static async open(): Promise<UdpLab> {
    const path = await peer();
    const lab = await Lab.open("server", "client");
    try {
      const { server, client } = lab;
      // Without nodad an IPv6 address may be tentative for a moment even where
      // without duplicate address detection.
      await lab.veth("server", "wire", "client", "wire");
      await server.batch(`
        ${FOUR.map((it) => `address add ${it}/24 dev wire`).join("\n")}
        ${SIX.map((it) => `address add ${it}/64 dev wire nodad`).join("\n")}
        address add ${LINK_LOCAL}/64 dev wire nodad
      `);
      await client.batch(`
        address add ${CLIENT.four}/24 dev wire
        address add ${CLIENT.six}/64 dev wire nodad
        address add ${CLIENT.linkLocal}/64 dev wire nodad
      `);
      return new UdpLab(lab, server, client, path);
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A socket in one of the namespaces, closed with the lab if not before. */
  bind(options: BindOptions = {}, role: "server" | "client" = "server") {
    const namespace = this[role].name;
    return this.#sockets.use(UdpSocket.bind({ namespace, ...options }));
  }

  /** The index of an interface, as `ip` counts them. */
  async index(name = "wire", role: "server" | "client" = "server") {
    const [link] = await this[role].json<{ ifindex: number }>(
      `link show dev ${name}`,
    );
    return link.ifindex;
  }

  /** Sends from the client's C peer and gives its answers, a line each. */
  ask(...args: string[]): Promise<string[]> {
    const requesting = this.client.run(this.peer, ["ask", ...args])
      .then((output) => output.trim().split("\n"));
    // A test that fails earlier has to report that failure.
    requesting.catch(() => {});
    return requesting;
  }

  /** Sends datagrams from the client's C peer, as many as fast as it can. */
  async pour(...args: string[]): Promise<void> {
    await this.client.run(this.peer, ["pour", ...args]);
  }

  /** Lets a C peer hear what arrives; it has its socket when this resolves. */
  async hear(
    args: readonly string[],
    role: "server" | "client" = "client",
  ): Promise<Hearing> {
    const program = new RunningProgram(
      { netns: this[role] },
      this.peer,
      "hear",
      ...args,
    );
    this.#sockets.use(program);
    const port = Number((await program.line()).split(" ")[1]);
    return { port, heard: () => program.line() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sockets.disposeAsync();
    await this.lab[Symbol.asyncDispose]();
  }
}

/** A C peer that listens. */
export interface Hearing {
  readonly port: number;
  /** The next line it prints; see udp_peer.c. */
  heard(): Promise<string>;
}
