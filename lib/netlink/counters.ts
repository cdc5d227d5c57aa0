// Counters of ignored input: a parser skips what it cannot read, never throws.

/** Input that a netlink socket ignored, by reason. */
export interface NetlinkCounters {
  /** Messages or attributes with an impossible length. */
  malformed: number;
  /** Datagrams longer than the receive buffer. */
  truncated: number;
  /** Datagrams from another process instead of the kernel. */
  foreignSender: number;
  /** Replies to no pending request, for example to an aborted one. */
  foreignSequence: number;
}

export function noCounts(): NetlinkCounters {
  return { malformed: 0, truncated: 0, foreignSender: 0, foreignSequence: 0 };
}
