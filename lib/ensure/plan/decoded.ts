// A change that would make an object, read as the kernel's own messages are:
// so what is wanted and what is there are the same kind of value.

import { NetlinkBuffer } from "../../netlink/buffer.ts";
import { MessageReader } from "../../netlink/message.ts";
import { requestBytes } from "../../netlink/describe.ts";
import type { NameLookup } from "../../rtnetlink/spec/name_lookup.ts";
import type { Change } from "../../rtnetlink/changes/change.ts";

/** What a change asks for. */
export function decoded<T>(
  change: Change,
  numbers: NameLookup,
  decode: (message: MessageReader) => T | undefined,
): T {
  const [request] = change.requests(numbers);
  const bytes = requestBytes(request!);
  const reader = new MessageReader(NetlinkBuffer.of(bytes));
  reader.reset(0, bytes.length);
  reader.next();
  return decode(reader)!;
}

/** What an object lacks to be as it is wanted, and the changes that give it. */
export interface Correction {
  readonly action: "add" | "change";
  /** In what it differs; nothing of one that is not there. */
  readonly reasons: readonly string[];
  readonly changes: readonly Change[];
  /** What takes an added one back. */
  readonly undo: readonly Change[];
}

/** "metric is 5, wanted 7". */
export function differs(word: string, is: unknown, wanted: unknown): string {
  return `${word} is ${is ?? "not set"}, wanted ${wanted}`;
}
