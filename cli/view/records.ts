// Records of the page: links with their relations, and events.

/** A link in another namespace, or one whose namespace is not monitored. */
export type EndRecord =
  | { readonly id: string }
  | { readonly nsid: number; readonly ifindex: number };

/** A namespace. */
export interface SpaceRecord {
  /** A number that no other namespace of this run gets. */
  readonly id: number;
  /** Null for the namespace without a name. */
  readonly name: string | null;
}

/** A link. */
export interface LinkRecord {
  /** The number of its namespace, a slash, its ifindex. */
  readonly id: string;
  readonly ifindex: number;
  readonly name: string;
  readonly kind: string;
  readonly detail: string | undefined;
  readonly address: string | undefined;
  readonly alias: string | undefined;
  readonly mtu: number;
  readonly state: "up" | "down" | "no carrier";
  readonly addresses: readonly string[];
  /** The id of the bridge, bond or VRF. */
  readonly master: string | undefined;
  readonly lower: EndRecord | undefined;
  readonly peer: EndRecord | undefined;
}

/** An event of the timeline. */
export interface EventRecord {
  /** Increasing. */
  readonly number: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The namespace, by its number; undefined for none. */
  readonly space: number | undefined;
  /** The object type, "local route", "ensure" or "monitor". */
  readonly object: string;
  readonly event: string;
  readonly text: string;
  /** The id of the link that it concerns. */
  readonly link: string | undefined;
}

/**
 * Receive and transmit rates in bytes and packets a second, then the counters of
 * errors and drops of both directions.
 */
export type RateRecord = readonly [
  rxBytes: number,
  txBytes: number,
  rxPackets: number,
  txPackets: number,
  errors: number,
  drops: number,
];

/** What `ensure` wants, has corrected, and cannot apply. */
export interface EnsureRecord {
  readonly file: string;
  readonly wants: readonly {
    readonly namespace: string | null;
    readonly objects: readonly string[];
  }[];
  /** What is refused, in conflict or missing. */
  readonly problems: readonly string[];
  readonly corrections: number;
}

/** Changes since the last update; every part is optional. */
export interface Update {
  spaces?: SpaceRecord[];
  goneSpaces?: number[];
  links?: LinkRecord[];
  goneLinks?: string[];
  events?: EventRecord[];
  /** Events that are not in `events`. */
  skipped?: number;
  /** The state of `ensure`, if it has changed. */
  ensure?: EnsureRecord;
  /** Of links whose values differ from the last ones. */
  rates?: Record<string, RateRecord>;
}
