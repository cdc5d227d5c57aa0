// The links, addresses, routes, neighbours, rules and nexthops of a network
// namespace, to change.

import { SystemError } from "../../ffi/errno.ts";
import type { Namespace } from "../netns/namespace.ts";
import { advised, NetlinkError } from "../netlink/errors.ts";
import type { WaitOptions } from "../io/reactor.ts";
import { advise } from "./changes/advice.ts";
import type { Change } from "./changes/change.ts";
import { prepare, type Prepared } from "./changes/name_table.ts";
import { RouteSocket, type RouteSocketOptions } from "./socket.ts";

/** What came of a change: what the kernel warned of, if anything. */
export interface Done {
  /** The change. */
  readonly change: Change;
  /** The kernel's words. */
  readonly warnings: readonly string[];
}

/** A change that the kernel refused. */
export interface Refused {
  /** The change. */
  readonly change: Change;
  /** Why. */
  readonly error: SystemError;
}

/**
 * The network of a namespace, to change. Changes are plain values, made by
 * addLink(), addAddress(), addRoute() and their like; apply() sends any number
 * of them as one batch of messages.
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
  /** Reads what there is. */
  readonly socket: RouteSocket;

  readonly #namespace: Namespace | undefined;

  private constructor(socket: RouteSocket, namespace: Namespace | undefined) {
    this.socket = socket;
    this.#namespace = namespace;
  }

  /**
   * Opens a socket of a namespace.
   *
   * @param options Of which namespace; default: this thread's.
   * @throws {SystemError} If the namespace cannot be entered.
   */
  static open(options: RouteSocketOptions = {}): Network {
    return new Network(RouteSocket.open(options), options.namespace);
  }

  /**
   * Makes changes, in their order, as one batch.
   *
   * A change may speak of a link that one before it makes. A refused change
   * does not stop those behind it; see applyEach() for what came of each.
   *
   * @param changes What to change.
   * @param options What ends the wait; `timeout` in milliseconds.
   * @throws {SystemError} The NetlinkError of the first that is refused;
   * ENODEV, with nothing changed, if one speaks of a link that is not there.
   * @throws {TimeoutError} When the time is over; some may have been made.
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
   * Makes changes as apply() does, and says what came of each.
   *
   * @param changes What to change.
   * @param options What ends the wait; `timeout` in milliseconds.
   * @returns For each change, in their order, what came of it.
   * @throws {NetlinkError} ENODEV, with nothing changed, if one speaks of a
   * link that is not there.
   * @throws {TimeoutError} When the time is over; some may have been made.
   */
  async applyEach(
    changes: readonly Change[],
    options?: WaitOptions,
  ): Promise<(Done | Refused)[]> {
    const results: (Done | Refused)[] = [];
    if (changes.some(({ first }) => first !== undefined)) {
      // A name that nothing has is found before the first step changes anything.
      using _whole = await this.prepare(changes, options);
    }
    // A link that no message makes has to be there before the messages are.
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
    const answers = await this.socket.requestMany(
      prepared.requests.flat(),
      options,
    );
    let at = 0;
    return changes.map((change, index) => {
      const mine = answers.slice(at, at += prepared.requests[index]!.length);
      const error = mine.find((answer) => answer instanceof NetlinkError);
      if (error !== undefined) {
        const advice = change.advice?.(error) ?? advise(error);
        return { change, error: advised(error, advice) };
      }
      const warnings = mine.flatMap((answer) =>
        answer instanceof NetlinkError ? [] : answer.warning?.message ?? []
      );
      return { change, warnings };
    });
  }

  /**
   * Writes the messages of changes without sending them.
   *
   * @param changes What to change.
   * @param options What ends the wait for names to be looked up; `timeout` in
   * milliseconds.
   * @returns The messages, to be disposed of: they may hold descriptors of
   * namespaces.
   * @throws {NetlinkError} ENODEV if one speaks of a link that is not there.
   *
   * @internal
   */
  prepare(
    changes: readonly Change[],
    options?: WaitOptions,
  ): Promise<Prepared> {
    return prepare(this.socket, changes, options);
  }

  /** Ends what waits for an answer with ClosedError and closes the socket. */
  close(): Promise<void> {
    return this.socket.close();
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
