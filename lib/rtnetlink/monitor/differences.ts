// Structural comparison of decoded objects.

/** Whether two decoded values are equal, including arrays and objects. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (
    typeof a !== "object" || typeof b !== "object" || a === null || b === null
  ) return false;
  if (Array.isArray(a) || ArrayBuffer.isView(a)) {
    const left = a as ArrayLike<unknown>;
    const right = b as ArrayLike<unknown>;
    if (left.length !== right.length) return false;
    for (let i = 0; i < left.length; i++) {
      if (!same(left[i], right[i])) return false;
    }
    return true;
  }
  return sameFields(a, b);
}

/** Whether all fields of two objects are equal, except the ignored ones. */
export function sameFields<T extends object>(
  a: T,
  b: T,
  ignored?: ReadonlySet<string>,
): boolean {
  // Most fields are identical: the cheapest test comes first.
  for (const field in a) {
    if (
      a[field] !== b[field] && !ignored?.has(field) && !same(a[field], b[field])
    ) return false;
  }
  for (const field in b) {
    if (
      a[field] === undefined && b[field] !== undefined && !ignored?.has(field)
    ) return false;
  }
  return true;
}

/**
 * The fields in which two objects of the same kind differ.
 *
 * @param ignored Fields that the kernel changes by itself, such as timers.
 */
export function differences<T extends object>(
  a: T,
  b: T,
  ignored?: ReadonlySet<string>,
): string[] {
  const fields: string[] = [];
  for (const field in a) {
    if (
      a[field] !== b[field] && !ignored?.has(field) && !same(a[field], b[field])
    ) fields.push(field);
  }
  for (const field in b) {
    if (
      a[field] === undefined && b[field] !== undefined && !(field in a) &&
      !ignored?.has(field)
    ) fields.push(field);
  }
  return fields;
}
