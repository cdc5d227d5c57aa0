// Outcomes of operations whose system calls fail, as data: docs/reliability.md
// shows them and walk.ts checks them.

/** The errors that each call is made to fail with. */
export const ERRORS = [
  "EINTR",
  "EAGAIN",
  "ENOBUFS",
  "ENOMEM",
  "EMFILE",
  "EPERM",
] as const;
export type ErrorName = typeof ERRORS[number];

/** Outcomes of an operation, and their meaning. */
export const OUTCOMES = {
  error:
    "throws a SystemError with that errno; nothing is left behind, and the same call works afterwards",
  indeterminate:
    "throws a SystemError with that errno; the kernel may have done the operation, and the same call works afterwards",
  closed:
    "throws a SystemError with that errno; the descriptor is closed anyway",
  retried: "the call is repeated immediately, or when the descriptor is ready",
  ignored: "continues: the call is optional",
  deferred:
    "returns what it has; the next call throws a SystemError with that errno",
  partial: "reports the error of that datagram or packet; the others are sent",
  "would block": "reports that nothing is available; the next call returns it",
  overrun: "reports lost notifications, as when the kernel reports ENOBUFS",
} as const;
export type Outcome = keyof typeof OUTCOMES;

/** The same outcome for every error, or one for some and one for the others. */
export type Outcomes =
  | Outcome
  | { readonly [E in ErrorName]?: Outcome } & { readonly others: Outcome };

/** A public operation. */
// deno-lint-ignore no-explicit-any -- each has values of its own
export interface Operation<S extends AsyncDisposable = any, T = any> {
  /** As a program calls it. */
  readonly name: string;
  /** What it is done with. */
  prepare(): Promise<S> | S;
  /** The operation. */
  act(subject: S): Promise<T> | T;
  /** Fails unless it did what it is for, and once; the kernel or the peer says. */
  check?(value: T, subject: S): Promise<void> | void;
  /** What a program calls next, if that shows what happened. */
  next?(subject: S): Promise<unknown>;
  /**
   * By the call below it, or by several with commas between. "setns 3" is the
   * third of them, where that is not as the others are.
   */
  readonly outcomes: { readonly [calls: string]: Outcomes };
}

/** The same, with what its parts have in common worked out. */
export function op<S extends AsyncDisposable, T>(
  operation: Operation<S, T>,
): Operation<S, T> {
  return operation;
}

/** A place for what an operation makes. */
export class Made<T extends AsyncDisposable> implements AsyncDisposable {
  readonly #made: T[] = [];

  /** Keeps something, to be closed in the end. */
  keep(made: T): T {
    this.#made.push(made);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const one of this.#made) await one[Symbol.asyncDispose]();
  }
}

/** The outcome of one call's failing. */
export function outcomeOf(
  { outcomes }: Pick<Operation, "outcomes">,
  call: string,
  nth: number,
  error: ErrorName,
): Outcome | undefined {
  const named = Object.entries(outcomes).map(([calls, outcome]) =>
    [calls.split(", "), outcome] as const
  );
  const found = named.find(([calls]) => calls.includes(`${call} ${nth}`)) ??
    named.find(([calls]) => calls.includes(call));
  if (found === undefined) return undefined;
  const [, outcome] = found;
  return typeof outcome === "string"
    ? outcome
    : outcome[error] ?? outcome.others;
}

/** Something that goes wrong otherwise than by one call's error. */
export interface FaultCase {
  /** What goes wrong. */
  readonly fault: string;
  /** In the midst of what. */
  readonly operation: string;
  /** What comes of it. */
  readonly outcome: string;
  /** Fails unless that comes of it. */
  run(): Promise<void>;
}
