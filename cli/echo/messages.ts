// What the command and its worker threads say to each other.

import type { StopEventHandle } from "../../lib/io/blocking_poll.ts";
import type { UdpSocketHandle } from "../../lib/udp/socket_state.ts";
import type { Refusal } from "./rules.ts";

/** Which datagrams a worker tells of: all, as many as a person reads, none. */
export type Detail = "all" | "sample" | "none";

/** A worker's orders. */
export interface Orders {
  readonly socket: UdpSocketHandle;
  /** The handle of the stop event. */
  readonly stop: StopEventHandle;
  /** Where it counts; see Counter. */
  readonly counters: SharedArrayBuffer;
  /** The answer; undefined sends back what came. */
  readonly reply: string | undefined;
  readonly pinInterface: boolean;
  /** Whether to reply to the ports of services that reply to everything. */
  readonly anyPort: boolean;
  readonly batch: number;
  /** Datagrams after which it stops. */
  readonly count: number;
  /** Microseconds to look for more before sleeping; undefined: a few, while that pays. */
  readonly spin: number | undefined;
  readonly detail: Detail;
}

/** The counters, as places in a Float64Array only their worker writes. */
export const Counter = {
  datagrams: 0,
  bytes: 1,
  replies: 2,
  /** Not answered on purpose. */
  refused: 3,
  /** Answers the kernel would not send. */
  failed: 4,
  /** Of those not answered, the ones from ports of services that reply to everything. */
  servicePort: 5,
} as const;
export const COUNTERS = 6;

/** One datagram and what became of its answer; the JSON line of `echo`. */
export interface EchoEvent {
  readonly event: "datagram";
  readonly bytes: number;
  /** Datagrams in the train, where the kernel joined them. */
  readonly segments?: number;
  readonly peer: Place;
  readonly local?: Place & { readonly ifindex: number };
  readonly control: readonly string[];
  readonly reply?: {
    readonly control: string;
    readonly source?: string;
    readonly bytes: number;
  };
  readonly refused?: Refusal;
  readonly error?: { readonly code: string; readonly message: string };
}

interface Place {
  readonly address: string;
  readonly port?: number;
  readonly ifname?: string;
}

/** What a worker posts. */
export type Report =
  | { readonly kind: "events"; readonly events: EchoEvent[] }
  | { readonly kind: "end" }
  | {
    readonly kind: "error";
    readonly error: {
      readonly syscall?: string;
      readonly errno?: number;
      readonly message: string;
    };
  };
