/**
 * What a decoder returns instead of a header when the bytes cannot be one.
 * Headers have no text here, so `header.malformed` tells the two apart.
 */
export interface Malformed {
  /** What is wrong, for example "IPv4 header of 20 bytes, 7 there". */
  readonly malformed: string;
}

/** A header of which too little is there. */
export function tooShort(what: string, needed: number, there: number) {
  return {
    malformed: `${what} of ${needed} bytes, ${Math.max(0, there)} there`,
  };
}
