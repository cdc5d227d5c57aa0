// What runs of `ensure` leave for later ones: the namespaces that they created,
// and the configuration that each file had.

import type { CreatedNamespaces } from "../../lib/ensure/apply/namespace_pool.ts";
import { OWN_NAMESPACE } from "../../lib/netns/namespace.ts";
import { identifyNamespace } from "../../lib/netns/namespace_names.ts";
import { log } from "../log.ts";
import { directoryOf } from "./inputs.ts";

/** Where the files are, and the variable that names another directory. */
const DIRECTORY = "/run/netplumb";
const VARIABLE = "NETPLUMB_RUNTIME_DIRECTORY";

/** The files of earlier runs; without permission there are none. */
export class SavedState implements CreatedNamespaces {
  readonly #directory = Deno.env.get(VARIABLE) ?? DIRECTORY;
  #isReported = false;

  add(name: string, id: string): void {
    this.#write(namespaceFile(name, id), "");
  }

  has(name: string, id: string): boolean {
    return this.#read(namespaceFile(name, id)) !== undefined;
  }

  delete(name: string, id: string): void {
    this.#remove(namespaceFile(name, id));
  }

  /**
   * Saves the configuration that was applied.
   *
   * @param file The path of its file.
   * @param netns The namespace of its top level.
   */
  saveConfiguration(file: string, netns: string | undefined, value: unknown) {
    this.#write(configurationFile(file, netns), JSON.stringify(value));
  }

  /** The configuration that a file had when it was last applied. */
  configuration(file: string, netns: string | undefined): unknown {
    const text = this.#read(configurationFile(file, netns));
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** Removes a saved configuration. */
  forgetConfiguration(file: string, netns: string | undefined): void {
    this.#remove(configurationFile(file, netns));
  }

  /** The control socket of the run that reconciles a file. */
  controlPath(file: string, netns: string | undefined): string {
    return `${this.#directory}/control/${runKey(file, netns)}`;
  }

  #read(name: string): string | undefined {
    try {
      return Deno.readTextFileSync(`${this.#directory}/${name}`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      this.#report(error);
      return undefined;
    }
  }

  #write(name: string, text: string): void {
    const path = `${this.#directory}/${name}`;
    try {
      Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      // Replaced at once: another process may read it.
      Deno.writeTextFileSync(`${path}.${Deno.pid}~`, text);
      Deno.renameSync(`${path}.${Deno.pid}~`, path);
    } catch (error) {
      this.#report(error);
    }
  }

  #remove(name: string): void {
    try {
      Deno.removeSync(`${this.#directory}/${name}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) this.#report(error);
    }
  }

  #report(error: unknown): void {
    if (this.#isReported) return;
    this.#isReported = true;
    const why = error instanceof Error ? error.message : String(error);
    log.debug(`${this.#directory} is not available: ${why}`);
  }
}

/** Mount namespaces have names of their own: the id distinguishes them. */
function namespaceFile(name: string, id: string): string {
  return `namespaces/${name}-${id}`;
}

function configurationFile(file: string, netns: string | undefined): string {
  return `configurations/${runKey(file, netns)}.json`;
}

/** Identifies a file and the namespace that it is applied to. */
function runKey(file: string, netns: string | undefined): string {
  const directory = Deno.realPathSync(directoryOf(file));
  const key = [
    identifyNamespace(netns ?? OWN_NAMESPACE),
    `${directory}/${file.slice(file.lastIndexOf("/") + 1)}`,
  ].join("\0");
  return hash(key);
}

/**
 * A file name of 32 digits for text of any length: FNV-1a with 128 bits, since
 * node:crypto takes 30 ms to load.
 */
function hash(text: string): string {
  let hash = 0x6c62272e07bb014262b821756295c58dn;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(
      128,
      (hash ^ BigInt(byte)) * 0x1000000000000000000013bn,
    );
  }
  return hash.toString(16).padStart(32, "0");
}
