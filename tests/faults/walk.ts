// Each call an operation makes is made to fail, with each error, one at a time.

import { assert, assertEquals } from "@std/assert";
import { ERRNOS, SystemError } from "../../ffi/errno.ts";
import { assertDescriptors, idleDescriptors } from "../support/descriptors.ts";
import { failing, Faults } from "../support/faults.ts";
import {
  type ErrorName,
  ERRORS,
  type Operation,
  type Outcome,
  outcomeOf,
} from "./operation.ts";

/** What a wait is made of: waits are operations themselves. */
const POLLING = /^(eventfd( \w+)?|poll|epoll_\w+)$/;
/** An operation that makes a call more often has the first and the last fail. */
const FEW = 4;
/** What the later ones of several fail with: one error that is gone, one not. */
const LATER: readonly ErrorName[] = ["EINTR", "ENOMEM"];

type Settled = { readonly value: unknown } | { readonly error: unknown };

async function settle(act: () => unknown): Promise<Settled> {
  try {
    return { value: await act() };
  } catch (error) {
    return { error };
  }
}

/** One call that fails once, and what is to come of it. */
interface Step {
  readonly call: string;
  readonly nth: number;
  readonly error: ErrorName;
  readonly outcome: Outcome;
}

/** Walks an operation through all that can fail below it; gives the steps. */
export async function walk(operation: Operation): Promise<number> {
  using faults = new Faults();
  const steps = await plan(operation, faults);
  const before = await idleDescriptors();
  for (const step of steps) {
    try {
      await take(operation, faults, step);
      await assertDescriptors(before);
    } catch (error) {
      const { call, nth, error: code, outcome } = step;
      throw new Error(
        `${operation.name}: ${call} ${nth} fails with ${code}, not "${outcome}"`,
        { cause: error },
      );
    }
  }
  return steps.length;
}

/** The calls that it makes where nothing fails. */
async function plan(operation: Operation, faults: Faults): Promise<Step[]> {
  await using subject = await operation.prepare();
  faults.arm();
  const value = await operation.act(subject);
  const named = new Set(
    Object.keys(operation.outcomes).flatMap((calls) => calls.split(", "))
      .map((call) => call.replace(/ \d+$/, "")),
  );
  const trace = faults.trace.filter((call) =>
    named.has(call) || !POLLING.test(call)
  );
  faults.disarm();
  await operation.check?.(value, subject);

  const counts = new Map<string, number>();
  for (const call of trace) counts.set(call, (counts.get(call) ?? 0) + 1);
  assertEquals(
    [...named].sort(),
    [...counts.keys()].sort(),
    `${operation.name}: the calls it makes, each with a stated outcome`,
  );
  return [...counts].flatMap(([call, count]) =>
    Array.from({ length: count }, (_, index) => index + 1)
      .filter((nth) => count <= FEW || nth === 1 || nth === count)
      .flatMap((nth) =>
        (nth === 1 ? ERRORS : LATER).map((error) => {
          const outcome = outcomeOf(operation, call, nth, error);
          assert(outcome !== undefined, `${call} ${nth}`);
          return { call, nth, error, outcome };
        })
      )
  );
}

async function take(
  operation: Operation,
  faults: Faults,
  { call, nth, error, outcome }: Step,
): Promise<void> {
  await using subject = await operation.prepare();
  const [errno] = ERRNOS.find(([, name]) => name === error)!;
  const fault = failing(errno);
  // Linux frees the number regardless of the result of close(2).
  const closing = call === "close";
  faults.arm({
    call,
    nth,
    fault: closing ? (close, args) => (close(), fault(close, args)) : fault,
  });
  const settled = await settle(() => operation.act(subject));
  faults.disarm();
  assertEquals(faults.happened, 1, "the call was made");
  await judge(operation, subject, settled, error, outcome);
}

async function judge(
  operation: Operation,
  subject: AsyncDisposable,
  settled: Settled,
  error: ErrorName,
  outcome: Outcome,
): Promise<void> {
  switch (outcome) {
    case "error":
    case "indeterminate":
    case "closed": {
      assert("error" in settled, "it went on");
      const thrown = settled.error;
      assert(thrown instanceof SystemError, `${thrown}`);
      assertEquals(thrown.code, error);
      if (outcome === "closed") return;
      const value = await operation.act(subject);
      await operation.check?.(value, subject);
      return;
    }
    case "deferred": {
      if ("error" in settled) throw settled.error;
      await operation.check?.(settled.value, subject);
      const next = await settle(() => operation.next!(subject));
      assert("error" in next && next.error instanceof SystemError);
      assertEquals(next.error.code, error);
      return;
    }
    case "partial": {
      assert("value" in settled, `${Object.values(settled)}`);
      const { failures } = settled.value as {
        failures: { error: SystemError }[];
      };
      assertEquals(failures.map(({ error }) => error.code), [error]);
      return;
    }
    case "would block":
    case "overrun": {
      assert("value" in settled, `${Object.values(settled)}`);
      const none = [0, undefined, "empty", "ready"] as unknown[];
      assert(
        outcome === "would block"
          ? none.includes(settled.value)
          : settled.value === "overrun",
        `${settled.value}`,
      );
      const value = await operation.act(subject);
      await operation.check?.(value, subject);
      return;
    }
    case "retried":
    case "ignored":
      if ("error" in settled) throw settled.error;
      await operation.check?.(settled.value, subject);
  }
}
