// What the scenario and the two threads of the process that blocks say to each
// other.

/** The first argument of a command line that is for a child. */
export const CHILD = "__scenario-child";

/** The descriptor to block on. */
export type Order =
  | {
    readonly kind: "udp";
    /** Whether to set IP_PKTINFO. */
    readonly packetInfo: boolean;
  }
  | {
    readonly kind: "tun";
    /** The device's name. */
    readonly name: string;
  }
  | {
    /** Listens to events of links. */
    readonly kind: "netlink";
    readonly call: "recvmsg" | "poll" | "poll with a second descriptor";
  };

/** What the first thread tells the other. */
export interface Work {
  readonly fd: number;
  readonly call: "recvmsg" | "read" | "poll";
  /** Polled too, for "poll". */
  readonly second?: number;
}

/** What the scenario writes to the process, a line each. */
export type Instruction =
  /** Receive or read once, blocking, in the other thread. */
  | "receive"
  /** close() in the first thread. */
  | "close"
  /** shutdown() in the first thread. */
  | "shutdown"
  /** Writes to the second descriptor. */
  | "wake"
  /** Worker.terminate(), in the hope that it ends the other thread. */
  | "terminate";

/** What the process writes, a line each. */
export type Answer =
  | { readonly answer: "open"; readonly fd: number; readonly port?: number }
  | { readonly answer: "receiving"; readonly tid: number }
  | {
    readonly answer: "received";
    /** What the call returned. */
    readonly result: number;
    /** The errno's name where that is -1. */
    readonly code?: string;
  }
  | {
    readonly answer: "done";
    readonly instruction: Instruction;
    /** The errno's name where the kernel refused it. */
    readonly code?: string;
  };
