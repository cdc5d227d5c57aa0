// What a socket received and did not use. Parsing never throws on what it
// cannot read: it steps over it and counts it here.

/** How much of what a netlink socket received was left out, and why. */
export interface NetlinkCounters {
  /** Messages or attributes with an impossible length. */
  malformed: number;
  /** Datagrams longer than the buffer they were received into. */
  truncated: number;
  /** Datagrams sent by a process and not by the kernel. */
  foreignSender: number;
  /** Replies to no request that is under way, for example to an aborted one. */
  foreignSequence: number;
}

export function noCounts(): NetlinkCounters {
  return { malformed: 0, truncated: 0, foreignSender: 0, foreignSequence: 0 };
}
