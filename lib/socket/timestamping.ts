// Time stamps of received and sent packets (SO_TIMESTAMPING), and times to send
// them at (SO_TXTIME).

import {
  sock_txtime,
  SOF_TIMESTAMPING_OPT_ID,
  SOF_TIMESTAMPING_OPT_TSONLY,
  SOF_TIMESTAMPING_OPT_TX_SWHW,
  SOF_TIMESTAMPING_RAW_HARDWARE,
  SOF_TIMESTAMPING_RX_HARDWARE,
  SOF_TIMESTAMPING_RX_SOFTWARE,
  SOF_TIMESTAMPING_SOFTWARE,
  SOF_TIMESTAMPING_TX_HARDWARE,
  SOF_TIMESTAMPING_TX_SCHED,
  SOF_TIMESTAMPING_TX_SOFTWARE,
  SOF_TXTIME_DEADLINE_MODE,
  SOF_TXTIME_REPORT_ERRORS,
} from "../../ffi/uapi/linux_errqueue.ts";
import {
  SO_TIMESTAMPING,
  SO_TXTIME,
  SOL_SOCKET,
  timespec,
} from "../../ffi/uapi/sys_socket.ts";
import {
  CLOCK_MONOTONIC,
  CLOCK_REALTIME,
  CLOCK_TAI,
} from "../../ffi/uapi/time.ts";
import { ArgumentError } from "../errors.ts";
import { setOption } from "./option.ts";

/**
 * Time stamps to take.
 *
 * `software` ones are the kernel's, `hardware` ones those of the network device,
 * which needs a PTP clock that was enabled with SIOCSHWTSTAMP (hwstamp_ctl(8)).
 *
 * Source: Documentation/networking/timestamping.rst of the kernel.
 */
export interface Timestamping {
  /** Of received datagrams: `timestamps` of a datagram. */
  readonly receive?: ReadonlyArray<"software" | "hardware"> | undefined;
  /**
   * Of sent datagrams, for `transmitTimestamps()`: when they enter the packet
   * scheduler (`scheduled`), when they are given to the device (`software`), and
   * when the device sent them (`hardware`).
   */
  readonly transmit?:
    | ReadonlyArray<"scheduled" | "software" | "hardware">
    | undefined;
}

const RECEIVE: Readonly<Record<string, number>> = {
  software: SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE,
  hardware: SOF_TIMESTAMPING_RX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE,
};

const TRANSMIT: Readonly<Record<string, number>> = {
  scheduled: SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_SOFTWARE,
  software: SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE,
  hardware: SOF_TIMESTAMPING_TX_HARDWARE | SOF_TIMESTAMPING_RAW_HARDWARE,
};

function flagsOf(
  argument: string,
  known: Readonly<Record<string, number>>,
  words: readonly string[],
): number {
  let flags = 0;
  for (const word of words) {
    if (!Object.hasOwn(known, word)) {
      const expected = `one of ${Object.keys(known).join(", ")}`;
      throw new ArgumentError(argument, word, expected);
    }
    flags |= known[word]!;
  }
  return flags;
}

/** The SOF_TIMESTAMPING_* flags. @throws {ArgumentError} For an unknown word. */
export function timestampingFlags(
  { receive = [], transmit = [] }: Timestamping,
): number {
  const received = flagsOf("timestamping.receive", RECEIVE, receive);
  const sent = flagsOf("timestamping.transmit", TRANSMIT, transmit);
  if (sent === 0) return received;
  const both = SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_TX_HARDWARE;
  return received | sent | SOF_TIMESTAMPING_OPT_ID |
    SOF_TIMESTAMPING_OPT_TSONLY |
    ((sent & both) === both ? SOF_TIMESTAMPING_OPT_TX_SWHW : 0);
}

/** Enables time stamps. @throws {SystemError} */
export function setTimestamping(fd: number, options: Timestamping): void {
  setOption(fd, SOL_SOCKET, { SO_TIMESTAMPING }, timestampingFlags(options));
}

/** Time stamps of a packet, in nanoseconds. */
export interface PacketTimestamps {
  /** The kernel's, since 1970. */
  readonly software?: bigint;
  /** The device's, on its PTP clock, which often counts TAI. */
  readonly hardware?: bigint;
}

/** Reads a struct scm_timestamping. */
export function readTimestamps(view: DataView, at: number): PacketTimestamps {
  const software = nanoseconds(view, at);
  const hardware = nanoseconds(view, at + 2 * timespec.size);
  return {
    ...(software === 0n ? {} : { software }),
    ...(hardware === 0n ? {} : { hardware }),
  };
}

/** A struct timespec in nanoseconds. */
export function nanoseconds(view: DataView, at: number): bigint {
  const { tv_sec, tv_nsec } = timespec.get(view, at);
  return tv_sec * 1_000_000_000n + tv_nsec;
}

/**
 * Sending at a given time: `transmitTime` of a message takes effect where the
 * interface has the queueing discipline fq or etf.
 *
 * Source: SO_TXTIME of linux/net_tstamp.h, tc-fq(8), tc-etf(8).
 */
export interface TransmitTimeOptions {
  /**
   * The clock; default "monotonic", which fq uses and which needs no capability;
   * etf usually has "tai". The others need CAP_NET_ADMIN.
   */
  readonly clock?: "monotonic" | "realtime" | "tai" | undefined;
  /** With etf: the time is a deadline, send before it. */
  readonly deadline?: boolean | undefined;
  /** Report datagrams that were dropped for their time through `errors()`. */
  readonly reportErrors?: boolean | undefined;
}

const CLOCKS = {
  monotonic: CLOCK_MONOTONIC,
  realtime: CLOCK_REALTIME,
  tai: CLOCK_TAI,
} as const;

/** @throws {ArgumentError} For an unknown clock. */
export function checkTransmitTime(
  { clock = "monotonic" }: TransmitTimeOptions,
): void {
  if (Object.hasOwn(CLOCKS, clock)) return;
  const expected = `one of ${Object.keys(CLOCKS).join(", ")}`;
  throw new ArgumentError("transmitTime.clock", clock, expected);
}

/** Enables it. @throws {SystemError} EPERM without CAP_NET_ADMIN. */
export function setTransmitTime(
  fd: number,
  options: TransmitTimeOptions,
): void {
  const { clock = "monotonic", deadline, reportErrors } = options;
  const request = sock_txtime.build({
    clockid: CLOCKS[clock],
    flags: (deadline ? SOF_TXTIME_DEADLINE_MODE : 0) |
      (reportErrors ? SOF_TXTIME_REPORT_ERRORS : 0),
  });
  setOption(fd, SOL_SOCKET, { SO_TXTIME }, request);
}
