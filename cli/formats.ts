// Versions of the formats that programs read and write; see docs/stability.md.

export const FORMATS = { configuration: 1, events: 1 } as const;

/** The first event of `monitor --json` and of /events of `view`. */
export const START = { event: "start", schema: FORMATS.events } as const;
