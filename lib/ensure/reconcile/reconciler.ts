// Reconciler: plans, applies and reconciles a configuration.

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
import {
  type CreatedNamespaces,
  NamespacePool,
} from "../apply/namespace_pool.ts";
import type { DesiredNetwork } from "../parse/desired.ts";
import { type Action, actionKey } from "../plan/action.ts";
import { LinkTracker } from "../plan/link_tracker.ts";
import { type Missing, type Plan, Planner } from "../plan/planner.ts";
import { planRemoval } from "../plan/removal.ts";
import { type Unready, unready } from "../plan/unready.ts";
import { comparedTypes, type View } from "../plan/state.ts";
import { ReconcileLoop } from "./loop.ts";
import type { ReconcileReport } from "./reports.ts";

/** How long apply() retries after transient errors, in milliseconds. */
const TRANSIENT_TIMEOUT = 3000;
/** The interval of these retries. */
const RETRY_INTERVAL = 50;
/** How often waitReady() reads the state, in milliseconds. */
const READY_INTERVAL = 50;
/** The number of times that an action without effect is applied. */
const ATTEMPTS = 3;

/** Options of Reconciler.open(). */
export interface ReconcilerOptions {
  /**
   * The namespace of the top level of the configuration; default: this
   * thread's.
   */
  readonly namespace?: Namespace | undefined;
  /**
   * Records created namespaces for other processes; default: for this
   * reconciler only.
   */
  readonly created?: CreatedNamespaces | undefined;
}

/** Options of Reconciler.plan() and apply(). */
export interface ApplyOptions extends WaitOptions {
  /**
   * An earlier configuration: what it describes and the current one does not is
   * removed.
   */
  readonly previous?: DesiredNetwork | undefined;
}

/** The result of Reconciler.down(). */
export interface DownResult {
  /** The applied removals, in order. */
  readonly removed: readonly Action[];
  /** Rejected removals. */
  readonly refused: readonly {
    readonly action: Action;
    readonly error: SystemError;
  }[];
}

/** Options of Reconciler.reconcile(). */
export interface ReconcileOptions {
  /** Ends the loop, which throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** The receive buffer of each namespace, in bytes: see MonitorOptions. */
  readonly receiveBuffer?: number | undefined;
}

/** The result of Reconciler.apply(). */
export interface ApplyResult {
  /** The applied actions, in order, without those that were rolled back. */
  readonly applied: readonly Action[];
  /** The rejected action, after which additions were rolled back. */
  readonly refused:
    | { readonly action: Action; readonly error: SystemError }
    | undefined;
  /** The actions that were rolled back. */
  readonly rolledBack: readonly Action[];
  /** The actions that were applied and not rolled back. */
  readonly notRolledBack: readonly NotRolledBack[];
  /** The remaining differences, although the kernel rejected nothing. */
  readonly unresolved: readonly Action[];
  /** Devices that do not exist and cannot be created, without a kind. */
  readonly missing: readonly Missing[];
}

/**
 * Reconciles a network with a configuration.
 *
 * Objects that the configuration does not have are not changed. Needs
 * CAP_NET_ADMIN, and CAP_SYS_ADMIN for other namespaces. Source: rtnetlink(7),
 * ip-netns(8).
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
  /** The configuration that apply() replaces. */
  #previous: DesiredNetwork | undefined;
  #closing: Promise<void> | undefined;

  private constructor(desired: DesiredNetwork, pool: NamespacePool) {
    this.#desired = desired;
    this.#pool = pool;
  }

  /**
   * Opens the namespaces that exist; changes nothing.
   *
   * @throws {ArgumentError} If two names refer to the same namespace.
   * @throws {SystemError} Without CAP_SYS_ADMIN for another namespace.
   */
  static async open(
    desired: DesiredNetwork,
    { namespace, created }: ReconcilerOptions = {},
  ): Promise<Reconciler> {
    const pool = new NamespacePool(namespace, created);
    const reconciler = new Reconciler(desired, pool);
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
   * Dumps the state and plans actions; changes nothing.
   *
   * @throws {TimeoutError} After the timeout.
   * @throws {ClosedError} If it is closed, also during the wait.
   */
  async plan({ previous, ...options }: ApplyOptions = {}): Promise<Plan> {
    const removals = previous === undefined
      ? []
      : await this.#planRemoval(previous, this.#desired, options);
    const { actions, missing } = await this.#plan(options);
    return { actions: [...removals, ...actions], missing };
  }

  /**
   * Plans the removal of what the configuration describes; changes nothing.
   *
   * @throws {TimeoutError} After the timeout.
   * @throws {ClosedError} If it is closed, also during the wait.
   */
  planDown(options?: WaitOptions): Promise<Action[]> {
    return this.#planRemoval(this.#desired, undefined, options);
  }

  /**
   * Removes the links and objects that the configuration describes, and the
   * namespaces that were created for it. Settings of existing devices stay as
   * they are.
   *
   * @throws {TimeoutError} After the timeout; some objects may be removed.
   * @throws {ClosedError} If it is closed, also during the wait.
   */
  async down(options?: WaitOptions): Promise<DownResult> {
    const deadline = new Deadline("remove the configuration", options);
    const actions = await this.planDown(deadline.bounds());
    const outcomes = await applyActions(
      actions,
      this.#pool,
      false,
      deadline.bounds(),
    );
    return {
      removed: outcomes.filter(({ error }) => error === undefined)
        .map(({ action }) => action),
      refused: outcomes.flatMap(({ action, error }) =>
        error === undefined ? [] : [{ action, error }]
      ),
    };
  }

  /** Encodes the messages of actions without sending them. */
  async messages(
    actions: readonly Action[],
    options?: WaitOptions,
  ): Promise<ActionMessage[]> {
    this.#pool.check();
    return messagesOf(actions, await this.#read(options));
  }

  /**
   * Plans and applies actions until there are no differences. If the kernel
   * rejects one, additions are rolled back.
   *
   * @throws {TimeoutError} After the timeout; some actions may be applied.
   * @throws {ClosedError} If it is closed, also during the wait.
   */
  async apply(
    { previous, ...options }: ApplyOptions = {},
  ): Promise<ApplyResult> {
    if (previous === undefined) return await this.#apply([], options);
    const removals = await this.#planRemoval(previous, this.#desired, options);
    // New links may need the names and ids of removed ones; the other objects
    // stay until new ones replace them.
    const isLink = ({ object }: Action) => object === "link";
    const [links, others] = [
      removals.filter(isLink),
      removals.filter((one) => !isLink(one)),
    ];
    this.#previous = previous;
    try {
      const applied: Action[] = [];
      const refused = await this.#remove(links, applied, options);
      if (refused !== undefined) {
        return await this.#rollBack(applied, refused, [], options);
      }
      const result = await this.#apply(applied, options);
      if (result.refused !== undefined) return result;
      const all = [...result.applied];
      const last = await this.#remove(others, all, options);
      return last === undefined
        ? { ...result, applied: all }
        : await this.#rollBack(all, last, result.missing, options);
    } finally {
      this.#previous = undefined;
    }
  }

  async #apply(
    removed: readonly Action[],
    options: WaitOptions,
  ): Promise<ApplyResult> {
    const deadline = new Deadline("apply the configuration", options);
    const started = performance.now();
    const applied = [...removed];
    const attempts = new Map<string, number>();
    for (;;) {
      const { actions, missing } = await this.#plan(deadline.bounds());
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
        // A link that differs again after it was recreated is not recreated
        // again.
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
   * Waits until the configuration can be used: links have a carrier, bridges
   * forward through their ports, addresses have passed duplicate address
   * detection.
   *
   * @returns What cannot be used after the timeout; empty if all can.
   * @throws {ClosedError} If it is closed, also during the wait.
   */
  async waitReady(options: WaitOptions = {}): Promise<readonly Unready[]> {
    const { timeout = Infinity, signal } = options;
    const end = performance.now() + timeout;
    const deadline = new Deadline("wait for the network", { signal });
    for (;;) {
      const left = unready(this.#desired, await this.#read({ signal }));
      if (left.length === 0 || performance.now() >= end) return left;
      await deadline.pause(READY_INTERVAL);
    }
  }

  /**
   * Monitors the network, corrects differences and reports each correction,
   * until the loop ends. Rejected corrections are retried. Leaving the loop
   * does not change the network; close() ends the loop immediately, and
   * return() ends a pending next().
   *
   * @throws {SystemError} If a namespace can no longer be monitored. If the
   *   signal is aborted: its reason.
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
   * Replaces the configuration without changing the network. apply() removes
   * what only the old one describes, if it is its option `previous`.
   *
   * @throws {ArgumentError} If two names refer to the same namespace.
   */
  async replace(desired: DesiredNetwork): Promise<void> {
    await this.#pool.follow(desired);
    this.#desired = desired;
  }

  /**
   * Ends reconcile() immediately, cancels other pending operations with
   * ClosedError, and closes the sockets. The network does not change.
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

  async #plan(options?: WaitOptions): Promise<Plan> {
    const { namespaces } = this.#desired;
    // The last path of a name counts: that of the present configuration.
    const followed = [...this.#previous?.namespaces ?? [], ...namespaces];
    for (const gone of await this.#pool.follow({ namespaces: followed })) {
      this.#tracker.forget(gone);
    }
    const planner = new Planner(this.#desired, this.#tracker);
    const { actions, missing } = await planner.update(
      await this.#read(options),
    );
    return { actions, missing };
  }

  async #planRemoval(
    desired: DesiredNetwork,
    kept: DesiredNetwork | undefined,
    options?: WaitOptions,
  ): Promise<Action[]> {
    const pool = this.#pool;
    await pool.follow({
      namespaces: [...desired.namespaces, ...this.#desired.namespaces],
    });
    const view = await pool.read(comparedTypes(desired), options);
    const isCreated = (name: string) => pool.isCreated(name);
    return await planRemoval(desired, view, { isCreated, kept });
  }

  /** Applies removals until one is rejected, and returns that one. */
  async #remove(
    removals: readonly Action[],
    applied: Action[],
    options: WaitOptions,
  ): Promise<Outcome | undefined> {
    const outcomes = await applyActions(removals, this.#pool, true, options);
    for (const { action, begun } of outcomes) if (begun) applied.push(action);
    return outcomes.find(({ error }) => error !== undefined);
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
