// Longest paths in a dependency graph: how many levels of other nodes must come
// before each node.

/**
 * The length of the longest chain of dependencies behind each node.
 *
 * Iterative, since a chain may be longer than the stack. A dependency that
 * closes a cycle is ignored: no order satisfies it.
 *
 * @param weight What a node itself adds to its chain.
 */
export function longestPaths<T>(
  nodes: Iterable<T>,
  weight: (node: T) => number,
  dependencies: (node: T) => readonly T[],
): Map<T, number> {
  const lengths = new Map<T, number>();
  const active = new Set<T>();
  const stack: Frame<T>[] = [];
  const enter = (node: T) => {
    active.add(node);
    stack.push({ node, left: [...dependencies(node)], longest: 0 });
  };
  for (const start of nodes) {
    if (lengths.has(start)) continue;
    enter(start);
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]!;
      const next = frame.left.pop();
      if (next === undefined) {
        stack.pop();
        active.delete(frame.node);
        const length = weight(frame.node) + frame.longest;
        lengths.set(frame.node, length);
        const parent = stack[stack.length - 1];
        if (parent !== undefined) {
          parent.longest = Math.max(parent.longest, length);
        }
      } else if (lengths.has(next)) {
        frame.longest = Math.max(frame.longest, lengths.get(next)!);
      } else if (!active.has(next)) enter(next);
    }
  }
  return lengths;
}

/** A node whose dependencies are being visited. */
interface Frame<T> {
  readonly node: T;
  readonly left: T[];
  longest: number;
}
