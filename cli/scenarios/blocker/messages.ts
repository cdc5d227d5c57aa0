// What the process that blocks a thread, its two threads and the scenario that
// started it say to each other. A process, because a thread that never comes
// back can only be ended with the process it is in.

/** The first argument of a command line that is for the blocker. */
export const BLOCKER = "__blocker";

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
  };

/** What the first thread tells the other. */
export interface Work {
  readonly fd: number;
  readonly call: "recvmsg" | "read";
}

/** What the scenario writes to the process, a line each. */
export type Instruction =
  /** Receive or read once, blocking, in the other thread. */
  | "receive"
  /** close() in the first thread. */
  | "close"
  /** Worker.terminate(), in the hope that it ends the other thread. */
  | "terminate";

/** What the process writes, a line each. */
export type Answer =
  | { readonly answer: "open"; readonly fd: number; readonly port?: number }
  | { readonly answer: "receiving"; readonly tid: number }
  | {
    readonly answer: "received";
    /** Bytes, or -1. */
    readonly result: number;
    /** The errno's name where it is -1. */
    readonly code?: string;
    readonly text: string;
  }
  | { readonly answer: "done"; readonly instruction: Instruction };
