// Messages between the command and its worker threads.

import type { StopEventHandle } from "../../lib/io/blocking_poll.ts";
import type { UdpSocketHandle } from "../../lib/udp/socket_state.ts";
import type { Refusal } from "./rules.ts";

/** Which datagrams a worker reports: all, a sample, none. */
export type Detail = "all" | "sample" | "none";

/** The configuration of a worker. */
export interface Orders {
  readonly socket: UdpSocketHandle;
  /** The handle of the stop event. */
  readonly stop: StopEventHandle;
  /** Its counters; see Counter. */
  readonly counters: SharedArrayBuffer;
  /** The reply; undefined for the request itself. */
  readonly reply: string | undefined;
  readonly pinInterface: boolean;
  /** Whether to reply to the ports of services that reply to everything. */
  readonly anyPort: boolean;
  readonly batch: number;
  /** Datagrams after which it stops. */
  readonly count: number;
  /** Microseconds of busy polling; undefined for adaptive. */
  readonly spin: number | undefined;
  readonly detail: Detail;
}

/** Indexes in the Float64Array of counters, which only the worker writes. */
export const Counter = {
  datagrams: 0,
  bytes: 1,
  replies: 2,
  /** Ignored datagrams. */
  refused: 3,
  /** Replies that could not be sent. */
  failed: 4,
  /** Ignored datagrams from ports of services that reply to everything. */
  servicePort: 5,
} as const;
export const COUNTERS = 6;

/** A datagram and its reply; the JSON line of `echo`. */
export interface EchoEvent {
  readonly event: "datagram";
  readonly bytes: number;
  /** Datagrams in a GRO datagram. */
  readonly segments?: number;
  readonly peer: Endpoint;
  readonly local?: Endpoint & { readonly ifindex: number };
  readonly control: readonly string[];
  readonly reply?: {
    readonly control: string;
    readonly source?: string;
    readonly bytes: number;
  };
  readonly refused?: Refusal;
  readonly error?: { readonly code: string; readonly message: string };
}

interface Endpoint {
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
