// The configuration file of a run, with the configuration that it had when it
// was applied before.

import type { DesiredNetwork } from "../../lib/ensure/parse/desired.ts";
import { ConfigurationError } from "../../lib/ensure/parse/error.ts";
import { parseConfiguration } from "../../lib/ensure/parse/parse.ts";
import { log } from "../log.ts";
import type { Output } from "../output/output.ts";
import { printable } from "../output/printable.ts";
import { STDIN, valueOf } from "./file.ts";
import { NamespaceLocks } from "./lock.ts";
import { readReported } from "./read.ts";
import type { SavedState } from "./state.ts";

/** A configuration file, applied to a namespace. */
export class Source {
  /** @param netns The namespace of its top level. */
  constructor(
    readonly path: string,
    readonly netns: string | undefined,
    readonly saved: SavedState,
  ) {}

  /** Whether it is standard input, which cannot be read again. */
  get isStdin(): boolean {
    return this.path === STDIN;
  }

  /** The control socket of the run that reconciles it. */
  get controlPath(): string | undefined {
    return this.isStdin
      ? undefined
      : this.saved.controlPath(this.path, this.netns);
  }

  /** Waits until no other run changes the namespaces of a configuration. */
  lock(desired: DesiredNetwork, signal: AbortSignal): Promise<NamespaceLocks> {
    return NamespaceLocks.acquire(desired, this.netns, signal);
  }

  /** Reads the file. @throws {FileError} After its problems were printed. */
  read(output: Output): Promise<DesiredNetwork> {
    return readReported(this.path, output);
  }

  /** The configuration that was applied before, if it is known. */
  previous(): DesiredNetwork | undefined {
    if (this.isStdin) return undefined;
    const value = this.saved.configuration(this.path, this.netns);
    if (value === undefined) return undefined;
    try {
      return parseConfiguration(value);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      log.warn(`the configuration that ${printable(this.path)} had is invalid`);
      return undefined;
    }
  }

  /** Saves a configuration that was applied. */
  save(desired: DesiredNetwork): void {
    if (this.isStdin) return;
    this.saved.saveConfiguration(this.path, this.netns, valueOf(desired));
  }

  /** Removes the saved configuration. */
  forget(): void {
    if (!this.isStdin) this.saved.forgetConfiguration(this.path, this.netns);
  }
}
