// A target of fuzzing: code that reads bytes of an untrusted sender.

/** One reader of bytes. */
export interface Target {
  /** Its name. */
  readonly name: string;
  /** Its folder under corpus/; default: its name. */
  readonly corpus?: string;
  /** How much longer than most it takes to read an input; default: 1. */
  readonly cost?: number;
  /** Well-formed inputs to start from, beside those of the corpus. */
  seeds(): Uint8Array[];
  /**
   * Reads the `length` bytes at `start` of `arena` and returns all it decoded from
   * them. It must not throw, nor depend on a byte outside.
   *
   * @param start A multiple of 8.
   */
  read(arena: ArrayBuffer, start: number, length: number): string;
}

/** Bytes before and after an input, to be seen if they are ever read. */
export const MARGIN = 256;
/** The longest input. */
export const LONGEST = 4096;
