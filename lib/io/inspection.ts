// Output of console.log, and errors of postMessage, for objects that own
// descriptors.

/** The method that console.log and Deno.inspect call. */
export const customInspect: unique symbol = Symbol.for("Deno.customInspect");

/** What Deno passes to that method. */
export type Inspect = (value: unknown, options: Deno.InspectOptions) => string;

/** The class name and the given fields of an object. */
export function inspectFields(
  className: string,
  fields: object,
  inspect: Inspect,
  options: Deno.InspectOptions,
): string {
  return `${className} ${inspect(fields, options)}`;
}

/**
 * The value of a property that makes postMessage and structuredClone throw
 * DataCloneError, which names this function, where they would post an empty object.
 */
export function postItsHandleAndAttach(): void {}

/** The same for objects that cannot be used in another thread. */
export function cannotBePosted(): void {}
