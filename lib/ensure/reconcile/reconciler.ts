// Reconciler: plans, applies and keeps a configuration.

import type { SystemError } from "../../../ffi/errno.ts";
import { Deadline } from "../../io/deadline.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import type { Namespace } from "../../netns/namespace.ts";
import {
  applyActions,
  isTransient,
  type NotRolledBack,
  type Outcome,
  rollBack,
} from "../apply/apply.ts";
import { type ActionMessage, messagesOf } from "../apply/messages.ts";
import { NamespacePool } from "../apply/namespace_pool.ts";
import type { DesiredNetwork } from "../parse/desired.ts";
import { type Action, actionKey } from "../plan/action.ts";
import { LinkTracker } from "../plan/link_tracker.ts";
import { type Missing, type Plan, Planner } from "../plan/planner.ts";
import { comparedTypes, type View } from "../plan/state.ts";
import { ReconcileLoop } from "./loop.ts";
import type { ReconcileReport } from "./reports.ts";

/** How long transient errors are retried by apply(), in milliseconds. */
const TRANSIENT_TIMEOUT = 3000;
/** The time between two attempts meanwhile. */
const RETRY_INTERVAL = 50;
/** How often an action is carried out that has no effect. */
const ATTEMPTS = 3;

/** Which network to reconcile. */
export interface ReconcilerOptions {
  /**
   * The namespace of what is at the top of the configuration; default: this
   * thread's.
   */
  readonly namespace?: Namespace | undefined;
}

/** How to keep a configuration. */
export interface ReconcileOptions {
  /** Ends the loop, which throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Room for unread events of each namespace, in bytes: see MonitorOptions. */
  readonly receiveBuffer?: number | undefined;
}

/** The result of Reconciler.apply(). */
export interface ApplyResult {
  /** What was carried out, in that order, and not rolled back. */
  readonly applied: readonly Action[];
  /** The action that was refused, after which additions were rolled back. */
  readonly refused:
    | { readonly action: Action; readonly error: SystemError }
    | undefined;
  /** What was rolled back. */
  readonly rolledBack: readonly Action[];
  /** What was carried out and could not be rolled back. */
  readonly notRolledBack: readonly NotRolledBack[];
  /** What still differs although the kernel refused nothing. */
  readonly unresolved: readonly Action[];
  /** Devices that do not exist, and have no kind to create them by. */
  readonly missing: readonly Missing[];
}

/**
 * Applies a configuration to a network and keeps it: a reconciler.
 *
 * What the configuration does not mention is left alone. Needs CAP_NET_ADMIN,
 * and CAP_SYS_ADMIN for other namespaces. Source: rtnetlink(7), ip-netns(8).
 *
 * @example
 * ```ts
 * import {
 *   Network,
 *   parseConfiguration,
 *   Reconciler,
 *   setLink,
 *   TemporaryNamespace,
 * } from "@netplumb/netplumb";
 *
 * await using netns = TemporaryNamespace.create();
 * const options = { namespace: netns.path };
 * const desired = parseConfiguration({ links: [{ name: "lo", mtu: 1400 }] });
 * await using reconciler = await Reconciler.open(desired, options);
 * for (const { summary } of (await reconciler.plan()).actions) {
 *   console.log(summary); // change link lo
 * }
 * await reconciler.apply();
 *
 * // Another program changes it; the reconciler corrects it.
 * await using network = Network.open(options);
 * await network.apply(setLink("lo", { mtu: 1500 }));
 * for await (const report of reconciler.reconcile()) {
 *   console.log(report.event); // corrected
 *   break;
 * }
 * ```
 */
export class Reconciler implements AsyncDisposable {
  readonly #pool: NamespacePool;
  readonly #tracker = new LinkTracker();
  readonly #running = new Set<ReconcileLoop>();
  #desired: DesiredNetwork;
  #closing: Promise<void> | undefined;

  private constructor(desired: DesiredNetwork, pool: NamespacePool) {
    this.#desired = desired;
    this.#pool = pool;
  }

  /**
   * Opens the namespaces that exist; changes nothing.
   *
   * @throws {ArgumentError} If two of them are the same under two names.
   * @throws {SystemError} Without CAP_SYS_ADMIN for another namespace.
   */
  static async open(
    desired: DesiredNetwork,
    { namespace }: ReconcilerOptions = {},
  ): Promise<Reconciler> {
    const reconciler = new Reconciler(desired, new NamespacePool(namespace));
    try {
      await reconciler.#pool.follow(desired);
      return reconciler;
    } catch (error) {
      await reconciler.close();
      throw error;
    }
  }

  /** The desired state. */
  get desired(): DesiredNetwork {
    return this.#desired;
  }

  /**
   * Reads the state and plans what to do; changes nothing.
   *
   * @throws {TimeoutError} After the timeout.
   * @throws {ClosedError} When it is closed, before or meanwhile.
   */
  async plan(options?: WaitOptions): Promise<Plan> {
    for (const gone of await this.#pool.follow(this.#desired)) {
      this.#tracker.forget(gone);
    }
    const planner = new Planner(this.#desired, this.#tracker);
    const { actions, missing } = await planner.update(
      await this.#read(options),
    );
    return { actions, missing };
  }

  /** Encodes the messages that actions would send, and sends none. */
  async messages(
    actions: readonly Action[],
    options?: WaitOptions,
  ): Promise<ActionMessage[]> {
    this.#pool.check();
    return messagesOf(actions, await this.#read(options));
  }

  /**
   * Plans and carries out actions until nothing differs. If the kernel refuses
   * one, additions are rolled back.
   *
   * @throws {TimeoutError} When the time is over; some may have been carried
   * out.
   * @throws {ClosedError} When it is closed, before or meanwhile.
   */
  async apply(options?: WaitOptions): Promise<ApplyResult> {
    const deadline = new Deadline("apply the configuration", options);
    const started = performance.now();
    const applied: Action[] = [];
    const attempts = new Map<string, number>();
    for (;;) {
      const { actions, missing } = await this.plan(deadline.bounds());
      const due = actions.filter((action) =>
        (attempts.get(actionKey(action)) ?? 0) < ATTEMPTS
      );
      if (due.length === 0) {
        return {
          applied,
          missing,
          unresolved: actions,
          refused: undefined,
          rolledBack: [],
          notRolledBack: [],
        };
      }
      const bounds = deadline.bounds();
      const outcomes = await applyActions(due, this.#pool, true, bounds);
      const isLate = performance.now() - started > TRANSIENT_TIMEOUT;
      const failed = outcomes.filter(({ error }) => error !== undefined);
      for (const { action, error, begun } of outcomes) {
        if (begun) applied.push(action);
        if (error !== undefined) continue;
        const key = actionKey(action);
        // A link that differs again after it was recreated is left alone.
        const isRecreated = action.object === "link" &&
          action.type === "remove";
        const count = isRecreated ? ATTEMPTS : (attempts.get(key) ?? 0) + 1;
        attempts.set(key, count);
      }
      const refused = failed.find(({ action, error }) =>
        isLate || !isTransient(action, error!)
      );
      if (refused !== undefined) {
        return await this.#rollBack(applied, refused, missing, options);
      }
      if (failed.length > 0) await deadline.pause(RETRY_INTERVAL);
    }
  }

  /**
   * Keeps the configuration: monitors the network and corrects what differs for
   * as long as the loop goes on, and reports each correction. What the kernel
   * refuses is tried again. Leaving the loop changes nothing in the network;
   * close() ends the loop at once, and return() a pending next().
   *
   * @throws {SystemError} Where a namespace can no longer be monitored. When
   * the signal is aborted: its reason.
   */
  reconcile(
    { signal, receiveBuffer }: ReconcileOptions = {},
  ): AsyncGenerator<ReconcileReport, void, void> {
    return new ReconcileLoop({
      desired: this.#desired,
      pool: this.#pool,
      tracker: this.#tracker,
      running: this.#running,
      receiveBuffer,
    }).reports(signal);
  }

  /**
   * Replaces the configuration; changes nothing yet. What only the old one
   * mentions is left as it is.
   *
   * @throws {ArgumentError} If two namespaces are the same under two names.
   */
  async replace(desired: DesiredNetwork): Promise<void> {
    await this.#pool.follow(desired);
    this.#desired = desired;
  }

  /**
   * Ends reconcile() at once, what else waits with ClosedError, and closes the
   * sockets. The network stays as it is.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  /** Equivalent to close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const closing = this.#pool[Symbol.asyncDispose]();
    await Promise.all([...this.#running].map((loop) => loop.stop()));
    await closing;
  }

  #read(options?: WaitOptions): Promise<View> {
    return this.#pool.read(comparedTypes(this.#desired), options);
  }

  async #rollBack(
    applied: readonly Action[],
    { action, error }: Outcome,
    missing: readonly Missing[],
    options?: WaitOptions,
  ): Promise<ApplyResult> {
    const notRolledBack = await rollBack(applied, this.#pool, options);
    const left = new Set(notRolledBack.map(({ action }) => action));
    return {
      applied: applied.filter((one) => left.has(one)),
      refused: { action, error: error! },
      rolledBack: applied.filter((one) => !left.has(one)),
      notRolledBack,
      unresolved: [],
      missing,
    };
  }
}
