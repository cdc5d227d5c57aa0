// An object of `ip` and its commands.

import type { Session } from "./session.ts";
import type { Grammar, Words } from "./words.ts";

/** A command of an object. */
export type IpCommand = (session: Session, words: Words) => Promise<void>;

/** An object. */
export interface IpObject {
  /** Its usage, the first line of `help`. */
  readonly words: string;
  /** The options of its changes, for `help`. */
  grammar?(session: Session): Grammar;
  /** The help for further words; undefined for that of the object. */
  help?(words: Words): string | undefined;
  /** Its commands; each can be abbreviated, and the first that fits is run. */
  readonly commands: readonly (readonly [name: string, run: IpCommand])[];
  /** The command where none is given; else one is required. */
  readonly otherwise?: IpCommand;
}
