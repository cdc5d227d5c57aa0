// The payload that `netplumb send` sends: text, hexadecimal digits, a file or
// standard input.

import { ArgumentError } from "../../lib/errors.ts";

/** The source of the payload; at most one is given. */
export interface PayloadOptions {
  /** The argument; "-" means standard input. */
  readonly text?: string | undefined;
  readonly hex?: Uint8Array<ArrayBuffer> | undefined;
  readonly file?: string | undefined;
}

/** The default payload. */
const DEFAULT = "netplumb";

/** The argument for standard input. */
const STDIN = "-";

/** The longest payload of a datagram, over IPv6. */
const LONGEST = 65527;

/**
 * Reads the payload.
 *
 * @throws {ArgumentError} If several are given, or it is too long.
 * @throws {Deno.errors.NotFound} If the file does not exist; other errors of
 *   reading are thrown too.
 */
export async function readPayload(
  { text, hex, file }: PayloadOptions,
): Promise<Uint8Array> {
  const given = [text, hex, file].filter((one) => one !== undefined);
  if (given.length > 1) {
    throw new ArgumentError(
      "text",
      text ?? file,
      "possible together with another payload: give one of text, --hex and --file",
    );
  }
  const data = hex ?? await read(text ?? DEFAULT, file);
  if (data.length <= LONGEST) return data;
  throw new ArgumentError(
    "payload",
    `${data.length} bytes`,
    `at most ${LONGEST} bytes, the most that a datagram carries`,
  );
}

async function read(
  text: string,
  file: string | undefined,
): Promise<Uint8Array> {
  if ((file ?? text) === STDIN) {
    return await new Response(Deno.stdin.readable).bytes();
  }
  return file === undefined
    ? new TextEncoder().encode(text)
    : await Deno.readFile(file);
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * A payload as text; undefined if it has control characters other than line
 * ends and tabs.
 */
export function textOf(data: Uint8Array): string | undefined {
  try {
    const text = decoder.decode(data);
    // deno-lint-ignore no-control-regex
    return /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}
