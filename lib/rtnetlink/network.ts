// Applies changes to links, addresses, routes, neighbours, rules and nexthops.

import { SystemError } from "../../ffi/errno.ts";
import type { Namespace } from "../netns/namespace.ts";
import { advised, NetlinkError } from "../netlink/errors.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { advise } from "./changes/advice.ts";
import type { Change } from "./changes/change.ts";
import { prepare, type Prepared } from "./changes/name_table.ts";
import { RouteSocket, type RouteSocketOptions } from "./socket.ts";

const NO_WARNINGS: readonly string[] = Object.freeze([]);

/** The result of an applied change, with the kernel's warnings. */
export interface Done {
  /** The change. */
  readonly change: Change;
  /** The kernel's warnings. */
  readonly warnings: readonly string[];
}

/** A change that the kernel rejected. */
export interface Refused {
  /** The change. */
  readonly change: Change;
  /** The kernel's error. */
  readonly error: SystemError;
}

/**
 * Applies changes to the network of a namespace. Changes are plain values,
 * built by addLink(), addAddress(), addRoute() and others; apply() sends any
 * number of them as one batch of messages.
 *
 * Source: rtnetlink(7).
 *
 * @example
 * ```ts
 * import {
 *   addAddress,
 *   addLink,
 *   addRoute,
 *   Network,
 *   TemporaryNamespace,
 * } from "@netplumb/netplumb";
 *
 * await using namespace = TemporaryNamespace.create();
 * await using network = Network.open({ namespace: namespace.path });
 * await network.apply([
 *   addLink({
 *     name: "veth0",
 *     kind: "veth",
 *     up: true,
 *     options: { peer: { name: "veth1", up: true } },
 *   }),
 *   addAddress({ address: "192.0.2.1/24", dev: "veth0" }),
 *   addRoute({ to: "default", via: "192.0.2.254" }),
 * ]);
 * ```
 */
export class Network implements AsyncDisposable {
  /** The socket for dumps and requests. */
  readonly socket: RouteSocket;

  readonly #namespace: Namespace | undefined;

  private constructor(socket: RouteSocket, namespace: Namespace | undefined) {
    this.socket = socket;
    this.#namespace = namespace;
  }

  /**
   * Opens a socket of a namespace.
   *
   * @param options The namespace; default: this thread's.
   * @throws {SystemError} If the namespace cannot be entered.
   */
  static open(options: RouteSocketOptions = {}): Network {
    return new Network(RouteSocket.open(options), options.namespace);
  }

  /**
   * Applies changes in order, as one batch.
   *
   * A change may refer to a link that an earlier one creates. The kernel
   * continues after a rejected change; applyEach() returns each result.
   *
   * @param changes What to change.
   * @param options A signal and a timeout in milliseconds.
   * @throws {SystemError} The NetlinkError of the first rejected change;
   *   ENODEV, with nothing changed, if a change refers to a link that does not
   *   exist.
   * @throws {TimeoutError} After the timeout; some changes may be applied.
   */
  async apply(
    changes: Change | readonly Change[],
    options?: WaitOptions,
  ): Promise<void> {
    const list = "what" in changes ? [changes] : changes;
    for (const result of await this.applyEach(list, options)) {
      if ("error" in result) throw result.error;
    }
  }

  /**
   * Applies changes as apply() does, and returns the result of each.
   *
   * @param changes What to change.
   * @param options A signal and a timeout in milliseconds.
   * @returns The results, in the order of the changes.
   * @throws {NetlinkError} ENODEV, with nothing changed, if a change refers to
   *   a link that does not exist.
   * @throws {TimeoutError} After the timeout; some changes may be applied.
   */
  async applyEach(
    changes: readonly Change[],
    options?: WaitOptions,
  ): Promise<(Done | Refused)[]> {
    const results: (Done | Refused)[] = [];
    if (changes.some(({ first }) => first !== undefined)) {
      // Resolves all names before the first change is applied.
      using _whole = await this.prepare(changes, options);
    }
    // A link that is created without a message has to exist before the
    // messages.
    let pending: Change[] = [];
    const send = async () => {
      for (const result of await this.#send(pending, options)) {
        results.push(result);
      }
      pending = [];
    };
    for (const change of changes) {
      if (change.first !== undefined) {
        await send();
        try {
          await change.first.run(this.#namespace);
        } catch (error) {
          if (!(error instanceof SystemError)) throw error;
          results.push({ change, error });
          continue;
        }
      }
      pending.push(change);
    }
    await send();
    return results;
  }

  async #send(
    changes: readonly Change[],
    options?: WaitOptions,
  ): Promise<(Done | Refused)[]> {
    if (changes.length === 0) return [];
    using prepared = await prepare(
      this.socket,
      changes,
      options,
      new Set(changes),
    );
    const counts: number[] = [];
    const answers = await this.socket.requestMany({
      length: changes.length,
      *[Symbol.iterator]() {
        for (const requests of prepared) {
          counts.push(requests.length);
          yield* requests;
        }
      },
    }, options);
    let at = 0;
    return changes.map((change, index) => {
      const end = at + counts[index]!;
      let error: NetlinkError | undefined;
      let warnings = NO_WARNINGS;
      for (; at < end; at++) {
        const answer = answers[at]!;
        if (answer instanceof NetlinkError) error ??= answer;
        else if (answer.warning?.message !== undefined) {
          warnings = [...warnings, answer.warning.message];
        }
      }
      if (error === undefined) return { change, warnings };
      const advice = change.advice?.(error) ?? advise(error);
      return { change, error: advised(error, advice) };
    });
  }

  /**
   * Encodes the messages of changes without sending them.
   *
   * @param changes What to change.
   * @param options A signal and a timeout in milliseconds, for name resolution.
   * @returns The messages. Dispose of them: they may hold namespace
   *   descriptors.
   * @throws {NetlinkError} ENODEV if a change refers to a link that does not
   *   exist.
   *
   * @internal
   */
  prepare(
    changes: readonly Change[],
    options?: WaitOptions,
  ): Promise<Prepared> {
    return prepare(this.socket, changes, options);
  }

  /** Cancels pending requests with ClosedError and closes the socket. */
  close(): Promise<void> {
    return this.socket.close();
  }

  /** Equivalent to close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
