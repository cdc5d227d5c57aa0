// Whether something grows: a line through its lows, which no single sample and
// no rubbish waiting for its collection can bend.

/** A sample: seconds since the start, and how much. */
export type Point = readonly [seconds: number, value: number];

/** The lowest of every minute. */
export function lows(points: readonly Point[]): Point[] {
  const lowest = new Map<number, Point>();
  for (const point of points) {
    const minute = Math.floor(point[0] / 60);
    const known = lowest.get(minute);
    if (known === undefined || point[1] < known[1]) lowest.set(minute, point);
  }
  return [...lowest.values()];
}

/** The median of the slopes between all pairs (Theil-Sen), a second. */
export function slope(points: readonly Point[]): number {
  const slopes: number[] = [];
  for (const [index, [x, y]] of points.entries()) {
    for (const [otherX, otherY] of points.slice(index + 1)) {
      if (otherX > x) slopes.push((otherY - y) / (otherX - x));
    }
  }
  if (slopes.length === 0) return 0;
  slopes.sort((one, other) => one - other);
  const middle = slopes.length >> 1;
  return slopes.length % 2 === 1
    ? slopes[middle]
    : (slopes[middle - 1] + slopes[middle]) / 2;
}

/** How much it grew an hour, by its lows after the warm-up. */
export function growth(points: readonly Point[], warmUp: number): number {
  return slope(lows(points.filter(([seconds]) => seconds >= warmUp))) * 3600;
}
