// In which fields two objects differ, whatever they are.

/** Whether two decoded values are the same, looking into arrays and objects. */
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
  return differences(a, b).length === 0;
}

/**
 * The fields in which two objects of the same kind differ.
 *
 * @param ignored Fields that move by themselves.
 */
export function differences<T extends object>(
  a: T,
  b: T,
  ignored?: ReadonlySet<string>,
): string[] {
  const fields: string[] = [];
  for (const field in a) {
    if (!ignored?.has(field) && !same(a[field], b[field])) fields.push(field);
  }
  for (const field in b) {
    if (!(field in a) && b[field] !== undefined && !ignored?.has(field)) {
      fields.push(field);
    }
  }
  return fields;
}
