// The context of `ip` commands: namespace, names of links, and output in ip's
// formats.

import { ENODEV, errnoText, SystemError } from "../../ffi/errno.ts";
import { ArgumentError } from "../../lib/errors.ts";
import { NetlinkError } from "../../lib/netlink/errors.ts";
import type { Change } from "../../lib/rtnetlink/changes/change.ts";
import type { Link } from "../../lib/rtnetlink/link/link.ts";
import { LinkNames } from "../../lib/rtnetlink/link/names.ts";
import { Network } from "../../lib/rtnetlink/network.ts";
import type { RouteSocket } from "../../lib/rtnetlink/socket.ts";
import type { Output } from "../output/output.ts";
import { printableJson } from "../output/printable.ts";
import type { Json } from "../show/shown.ts";
import type { Family, IpOptions } from "./options.ts";
import { Failure, IpExit, usageError } from "./words.ts";

/** A run of `ip`: one command, or the lines of a batch. */
export class Session implements AsyncDisposable {
  readonly options: IpOptions;
  readonly output: Output;
  readonly signal: AbortSignal;
  /** The family of -4, -6 and -family; a command may narrow it. */
  family: Family | undefined;
  #network: Network | undefined;

  constructor(options: IpOptions, output: Output, signal: AbortSignal) {
    this.options = options;
    this.output = output;
    this.signal = signal;
    this.family = options.family;
  }

  /** The family, if it is one of IP. */
  get ipFamily(): "inet" | "inet6" | undefined {
    const { family } = this;
    return family === "inet" || family === "inet6" ? family : undefined;
  }

  get network(): Network {
    return this.#network ??= Network.open({ namespace: this.options.netns });
  }

  get socket(): RouteSocket {
    return this.network.socket;
  }

  /** The links of the namespace by their index. */
  async names(): Promise<LinkNames> {
    const { signal } = this;
    return new LinkNames(
      await this.socket.links({ signal, onInterrupt: "partial" }),
    );
  }

  /**
   * A link by its name, or "if7" by its index.
   *
   * @param code The exit code where there is none.
   */
  async link(name: string, code: number = IpExit.refused): Promise<Link> {
    const [, index] = /^if(\d+)$/.exec(name) ?? [];
    try {
      return await this.socket.link(name, { signal: this.signal });
    } catch (error) {
      if (!isNoDevice(error)) throw error;
      if (index !== undefined) return await this.#linkAt(Number(index), name);
      throw noDevice(name, code);
    }
  }

  async #linkAt(index: number, name: string): Promise<Link> {
    try {
      return await this.socket.link(index, { signal: this.signal });
    } catch (error) {
      throw isNoDevice(error) ? noDevice(name, IpExit.refused) : error;
    }
  }

  /** The index of a link. */
  async index(name: string, code?: number): Promise<number> {
    return (await this.link(name, code)).ifindex;
  }

  /** The routing table of a VRF. */
  async vrfTable(name: string): Promise<number> {
    const link = await this.link(name, IpExit.usage);
    const table = link.kind === "vrf" ? link.data?.table : undefined;
    if (table === undefined) throw usageError(`Error: ${name} is not a VRF`);
    return Number(table);
  }

  /** The index of a VRF. */
  async vrf(name: string): Promise<number> {
    await this.vrfTable(name);
    return await this.index(name);
  }

  /** Makes a change. */
  async apply(change: Change): Promise<void> {
    const { signal } = this;
    const [result] = await this.network.applyEach([change], { signal });
    if (result === undefined) return;
    if ("error" in result) throw result.error;
    for (const warning of result.warnings) say(`Warning: ${sentence(warning)}`);
  }

  /**
   * Prints objects as `ip` does.
   *
   * @param text The lines of an object, without a line break at the end.
   */
  async print(
    objects: Iterable<Json>,
    text: (json: Json) => readonly string[],
  ): Promise<void> {
    const { output, options } = this;
    if (options.json) {
      const list = Array.from(objects);
      output.line(
        options.pretty ? JSON.stringify(list, null, 4) : printableJson(list),
      );
    } else {
      for (const one of objects) {
        const lines = text(one);
        if (lines.length === 0) continue;
        output.line(lines.join(options.oneline ? "\\" : "\n"));
        await output.ready();
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network?.close();
  }
}

function noDevice(name: string, code: number): Failure {
  return new Failure(`Cannot find device "${name}"`, code);
}

function isNoDevice(error: unknown): boolean {
  return error instanceof NetlinkError && error.errno === ENODEV;
}

function sentence(text: string): string {
  return text.endsWith(".") ? text : `${text}.`;
}

/** Writes a line to stderr. */
export function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
}

/** The message of `ip` for an error, and its exit code. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof ArgumentError) {
    return usageError(`Error: ${error.message}`);
  }
  if (error instanceof NetlinkError) {
    const { message } = error.ack;
    const text = errnoText(error.errno);
    return new Failure(
      message === undefined
        ? `RTNETLINK answers: ${text.charAt(0).toUpperCase()}${text.slice(1)}`
        : `Error: ${sentence(message)}`,
      IpExit.kernel,
    );
  }
  if (error instanceof SystemError) {
    return new Failure(error.message, IpExit.refused);
  }
  throw error;
}
