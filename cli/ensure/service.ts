// The reconcile loop of `ensure` as a service: prints its reports, reads the file
// again on request, and reports its state.

import type { Reconciler } from "../../lib/ensure/reconcile/reconciler.ts";
import { describeFailure, Exit } from "../failure.ts";
import { FileError, inputsOf } from "./file.ts";
import { log } from "../log.ts";
import { ensureMetrics } from "../metrics/commands.ts";
import { exportMetrics } from "../metrics/otlp.ts";
import { printable } from "../output/printable.ts";
import type { Session } from "../perform.ts";
import { apply } from "./apply.ts";
import { ControlSocket } from "./control.ts";
import { RunRecord } from "./record.ts";
import type { Reloads } from "./reloads.ts";
import { ServiceManager } from "./service_manager.ts";
import type { Source } from "./source.ts";
import {
  refuseRunning,
  type Status,
  statusLine,
  statusObject,
} from "./status.ts";
import { reportObject, reportText } from "./text.ts";

/** The shortest interval of status lines for systemd, in milliseconds. */
const STATUS_INTERVAL = 1000;

/** A run of `ensure` that continues after it has applied the configuration. */
export class Service implements AsyncDisposable {
  readonly #reconciler: Reconciler;
  readonly #source: Source;
  readonly #record = new RunRecord();
  readonly #started = new Date();
  readonly #manager = ServiceManager.open();
  #control: ControlSocket | undefined;
  #loaded = new Date();
  #isRejected = false;
  #statusTimer: ReturnType<typeof setTimeout> | undefined;

  private constructor(reconciler: Reconciler, source: Source) {
    this.#reconciler = reconciler;
    this.#source = source;
  }

  /**
   * Opens the control socket.
   *
   * @throws {Error} If another process reconciles the network with the file.
   */
  static async open(reconciler: Reconciler, source: Source): Promise<Service> {
    await refuseRunning(source);
    const service = new Service(reconciler, source);
    const { controlPath } = source;
    if (controlPath !== undefined) {
      const status = () => statusObject(service.#status);
      service.#control = await ControlSocket.listen(controlPath, { status });
    }
    return service;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#statusTimer);
    this.#manager?.[Symbol.dispose]();
    await this.#control?.[Symbol.asyncDispose]();
  }

  /** Reconciles until it is stopped. */
  async run(reloads: Reloads, session: Session): Promise<void> {
    const { output, signal } = session;
    const { totals } = this.#record;
    using _metrics = await exportMetrics(() => ensureMetrics(totals));
    const stopping = () => this.#manager?.stopping();
    signal.addEventListener("abort", stopping);
    Deno.exitCode = Exit.done;
    this.#loaded = new Date();
    log.info(`reconciling the network with ${printable(this.#source.path)}`);
    this.#manager?.ready(statusLine(this.#status));
    const reconciler = this.#reconciler;
    while (!signal.aborted) {
      if (reloads.take()) await this.#reload(reloads, session);
      const until = AbortSignal.any([signal, reloads.signal]);
      try {
        for await (const report of reconciler.reconcile({ signal: until })) {
          this.#record.take(report);
          this.#reportStatus();
          output.event(
            reportObject(report, reconciler.desired),
            () => reportText(report, output.style),
          );
        }
      } catch (error) {
        if (!until.aborted || error !== until.reason) throw error;
      }
    }
    signal.removeEventListener("abort", stopping);
  }

  get #status(): Status {
    return {
      file: this.#source.path,
      pid: Deno.pid,
      started: this.#started,
      loaded: this.#loaded,
      isRejected: this.#isRejected,
      record: this.#record,
      desired: this.#reconciler.desired,
    };
  }

  /** Sends the status line to systemd, but not for each report of a burst. */
  #reportStatus(): void {
    if (this.#manager === undefined) return;
    this.#statusTimer ??= setTimeout(() => {
      this.#statusTimer = undefined;
      this.#manager?.status(statusLine(this.#status));
    }, STATUS_INTERVAL);
  }

  /**
   * Applies the current file and removes what only the previous one describes, or
   * continues with the previous configuration.
   */
  async #reload(reloads: Reloads, session: Session): Promise<void> {
    const { output, signal } = session;
    const source = this.#source;
    const path = printable(source.path);
    if (source.isStdin) {
      log.warn("standard input cannot be read again; configuration unchanged");
      return;
    }
    this.#manager?.reloading();
    const before = this.#reconciler.desired;
    try {
      const desired = await source.read(output);
      await reloads.watch(inputsOf(desired));
      using _locks = await source.lock(desired, signal);
      await this.#reconciler.replace(desired);
      await apply(this.#reconciler, before, session);
      source.save(desired);
      this.#isRejected = false;
      this.#loaded = new Date();
      this.#record.clearProblems();
      output.event({ event: "reloaded" }, () => `reloaded ${path}`);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof FileError) await reloads.watch(inputsOf(error));
      this.#isRejected = true;
      log.error(describeFailure(error).sentence);
      const text = "keeping the previous configuration";
      log.warn(`${path} is not applied; ${text}`);
      output.event({ event: "rejected" }, () => text);
      await this.#reconciler.replace(before);
    } finally {
      Deno.exitCode = Exit.done;
      this.#manager?.ready(statusLine(this.#status));
    }
  }
}
