// The first line of HTTP messages. Source: RFC 9112 section 2.1.

import { printable } from "./bytes.ts";

const START =
  /^(?:(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|TRACE|CONNECT|PATCH) |HTTP\/\d)/;

/** Bytes that are searched for the end of the first line. */
const MAX_LINE = 2048;

/** The first line of an HTTP message, undefined if no message starts here. */
export function httpStartLine(
  bytes: Uint8Array,
  start: number,
  end: number,
): { line: string; complete: boolean } | undefined {
  const stop = Math.min(end, start + MAX_LINE);
  let at = start;
  while (at < stop && bytes[at]! >= 0x20 && bytes[at]! < 0x7f) at++;
  const line = printable(bytes, start, at);
  const complete = at < stop && (bytes[at] === 0x0d || bytes[at] === 0x0a);
  if (!START.test(line) || !complete && at < stop) return undefined;
  return { line, complete };
}

/** What follows the length of a TCP segment from or to a port of HTTP. */
export function describeHttp(
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  const found = httpStartLine(bytes, start, end);
  if (found === undefined) return ": HTTP";
  return `: HTTP: ${found.line}${found.complete ? "" : " [|http]"}`;
}
