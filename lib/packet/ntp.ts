// NTP by version and mode. Source: RFC 5905 section 7.3.

const MODES = [
  "unspecified",
  "symmetric active",
  "symmetric passive",
  "Client",
  "Server",
  "Broadcast",
  "Control Message",
  "Reserved",
];

/** The version and mode of an NTP message. */
export interface NtpMessage {
  /** 1 to 4. */
  readonly version: number;
  /** For example `Client`. */
  readonly mode: string;
}

/** The version and mode in the first byte. */
export function decodeNtp(first: number): NtpMessage {
  return { version: first >> 3 & 7, mode: MODES[first & 7]! };
}

/** An NTP message in tcpdump's words. */
export function describeNtp(ntp: NtpMessage, length: number): string {
  return `NTPv${ntp.version}, ${ntp.mode}, length ${length}`;
}
