// A network kept as it is described.

import { Deadline } from "../../io/deadline.ts";
import type { Namespace } from "../../netns/namespace.ts";
import type { WaitOptions } from "../../io/reactor.ts";
import { applySteps, mayPass, type Outcome, takeBack } from "../apply/apply.ts";
import type { DesiredNetwork } from "../parse/desired.ts";
import type { Differences } from "../plan/comparison.ts";
import { differences } from "../plan/differences.ts";
import { Keeper } from "./keeper.ts";
import { messagesOf, type StepMessage } from "../apply/messages.ts";
import type { Applied, EnsureReport } from "./report.ts";
import { Sites, wantedObjects } from "../apply/sites.ts";
import type { Step } from "../plan/step.ts";
import { subject } from "../plan/step.ts";
import { Whereabouts } from "../plan/whereabouts.ts";

/** How long refusals that may pass are waited for, in milliseconds. */
const PATIENCE = 3000;
/** The time between two tries meanwhile. */
const PAUSE = 50;
/** How often the same is done before it is taken for unheard. */
const UNHEARD = 3;

/** Where a description is of. */
export interface EnsurerOptions {
  /** The namespace of what is described at the top; default: this thread's. */
  readonly namespace?: Namespace | undefined;
}

/** How to keep a network. */
export interface KeepOptions {
  /** Ends the loop, which throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Room for unread events of each namespace, in bytes: see MonitorOptions. */
  readonly receiveBuffer?: number | undefined;
}

/**
 * Makes a network what a description says, and keeps it so.
 *
 * What the description does not mention is left alone. Needs CAP_NET_ADMIN, and
 * CAP_SYS_ADMIN for other namespaces. Source: rtnetlink(7), ip-netns(8).
 *
 * @example
 * ```ts
 * import {
 *   Ensurer,
 *   parseDescription,
 *   setLink,
 *   Network,
 *   TemporaryNamespace,
 * } from "@netplumb/netplumb";
 *
 * await using namespace = TemporaryNamespace.create();
 * const place = { namespace: namespace.path };
 * const desired = parseDescription({ links: [{ name: "lo", mtu: 1400 }] });
 * await using ensurer = await Ensurer.open(desired, place);
 * for (const { what } of (await ensurer.differences()).steps) {
 *   console.log(what); // change link lo
 * }
 * await ensurer.apply();
 *
 * // Somebody else comes along, and does it again.
 * await using network = Network.open(place);
 * await network.apply(setLink("lo", { mtu: 1500 }));
 * for await (const report of ensurer.keep()) {
 *   console.log(report.event); // corrected
 *   break;
 * }
 * ```
 */
export class Ensurer implements AsyncDisposable {
  readonly #sites: Sites;
  #desired: DesiredNetwork;
  readonly #whereabouts = new Whereabouts();
  readonly #running = new Set<Keeper>();
  #closing: Promise<void> | undefined;

  private constructor(desired: DesiredNetwork, sites: Sites) {
    this.#desired = desired;
    this.#sites = sites;
  }

  /**
   * Opens the namespaces that are there; changes nothing.
   *
   * @throws {ArgumentError} If two of them are the same under two names.
   * @throws {SystemError} Without CAP_SYS_ADMIN for another namespace.
   */
  static async open(
    desired: DesiredNetwork,
    { namespace }: EnsurerOptions = {},
  ): Promise<Ensurer> {
    const ensurer = new Ensurer(desired, new Sites(namespace));
    try {
      await ensurer.#sites.follow(desired);
      return ensurer;
    } catch (error) {
      await ensurer.close();
      throw error;
    }
  }

  /** What is to be. */
  get desired(): DesiredNetwork {
    return this.#desired;
  }

  /**
   * Reads what there is and finds what differs; changes nothing.
   *
   * @throws {TimeoutError} When the time is over.
   * @throws {ClosedError} When it is closed, before or meanwhile.
   */
  async differences(options?: WaitOptions): Promise<Differences> {
    for (const gone of await this.#sites.follow(this.#desired)) {
      this.#whereabouts.forget(gone);
    }
    const view = await this.#sites.read(wantedObjects(this.#desired), options);
    return await differences(this.#desired, view, this.#whereabouts);
  }

  /** Writes the messages that steps would send, and sends none. */
  async messages(
    steps: readonly Step[],
    options?: WaitOptions,
  ): Promise<StepMessage[]> {
    this.#sites.check();
    const wanted = wantedObjects(this.#desired);
    return messagesOf(steps, await this.#sites.read(wanted, options));
  }

  /**
   * Makes everything as it is described. If the kernel refuses a step, what was
   * added is taken back.
   *
   * @throws {TimeoutError} When the time is over; some may have been done.
   * @throws {ClosedError} When it is closed, before or meanwhile.
   */
  async apply(options?: WaitOptions): Promise<Applied> {
    const deadline = new Deadline("make the network as described", options);
    const started = performance.now();
    const done: Step[] = [];
    const tries = new Map<string, number>();
    for (;;) {
      const { steps, missing } = await this.differences(deadline.bounds());
      const rest = steps.filter((step) =>
        (tries.get(subject(step)) ?? 0) < UNHEARD
      );
      if (rest.length === 0) {
        return {
          done,
          missing,
          remaining: steps,
          refused: undefined,
          takenBack: [],
          left: [],
        };
      }
      const outcomes = await applySteps(
        rest,
        this.#sites,
        true,
        deadline.bounds(),
      );
      for (const { step, begun } of outcomes) if (begun) done.push(step);
      for (const { step, error } of outcomes) {
        if (error !== undefined) continue;
        tries.set(subject(step), (tries.get(subject(step)) ?? 0) + 1);
      }
      const late = performance.now() - started > PATIENCE;
      const refused = outcomes.find(({ step, error }) =>
        error !== undefined && (late || !mayPass(step, error))
      );
      if (refused !== undefined) {
        return await this.#giveUp(done, refused, missing, options);
      }
      if (outcomes.some(({ error }) => error !== undefined)) {
        await deadline.pause(PAUSE);
      }
    }
  }

  /**
   * Keeps everything as it is described: watches and corrects for as long as
   * the loop goes on, and tells of each correction. Nothing that the kernel
   * refuses ends it. Leaving the loop leaves the network as it is; close() ends
   * the loop at once, and return() a pending next().
   *
   * @throws {SystemError} Where a namespace can no longer be watched. When the
   * signal is aborted: its reason.
   */
  keep(options: KeepOptions = {}): AsyncGenerator<EnsureReport, void, void> {
    const { signal, receiveBuffer } = options;
    return new Keeper({
      desired: this.#desired,
      sites: this.#sites,
      whereabouts: this.#whereabouts,
      running: this.#running,
      receiveBuffer,
    }).reports(signal);
  }

  /**
   * Puts another description in the place of this one; changes nothing yet. What
   * only the old one mentions is left as it is.
   *
   * @throws {ArgumentError} If two namespaces are the same under two names.
   */
  async replace(desired: DesiredNetwork): Promise<void> {
    await this.#sites.follow(desired);
    this.#desired = desired;
  }

  /**
   * Ends keep() at once, what else waits with ClosedError, closes the sockets
   * and leaves the network as it is.
   */
  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    const closing = this.#sites[Symbol.asyncDispose]();
    await Promise.all([...this.#running].map((keeper) => keeper.stop()));
    await closing;
  }

  /** The same as close(). */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #giveUp(
    done: readonly Step[],
    { step, error }: Outcome,
    missing: Applied["missing"],
    options?: WaitOptions,
  ): Promise<Applied> {
    const left = await takeBack(done, this.#sites, options);
    const kept = new Set(left.map(({ step }) => step));
    return {
      done: done.filter((one) => kept.has(one)),
      refused: { step, error: error! },
      takenBack: done.filter((one) => !kept.has(one)),
      left,
      remaining: [],
      missing,
    };
  }
}
