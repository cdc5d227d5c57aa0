// Server-sent events of a journal: order, resumption, slow clients, memory.

import { assert, assertEquals } from "@std/assert";
import { Journal } from "../../../cli/view/journal.ts";

/** Reads a chunk of a stream as lines without the empty ones. */
async function chunk(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<string[]> {
  const { value } = await reader.read();
  return new TextDecoder().decode(value).split("\n").filter(Boolean);
}

function journal(messages: number, characters?: number) {
  const formatted: string[] = [];
  const journal = new Journal<string>({
    messages,
    ...characters === undefined ? {} : { characters },
    format(text) {
      formatted.push(text);
      return text;
    },
  });
  const stop = new AbortController();
  let snapshots = 0;
  const open = (lastEventId: string | null = null) =>
    journal.stream({
      lastEventId,
      signal: stop.signal,
      *snapshot(isBehind) {
        snapshots++;
        yield { type: "snapshot", data: isBehind ? "behind" : "new" };
      },
    }).body!.getReader();
  return { journal, open, stop, formatted, snapshots: () => snapshots };
}

/** The id of the last event of a chunk. */
const lastId = (lines: readonly string[]) =>
  lines.findLast((line) => line.startsWith("id: "))!.slice(4);

Deno.test("a stream starts with a snapshot and continues with messages", async () => {
  const { journal: kept, open, stop } = journal(10);
  kept.add(["old"]);
  const reader = open();
  const first = await chunk(reader);
  assert(first.includes("event: snapshot") && first.includes("data: new"));
  assert(!first.includes("data: old"));
  const waiting = chunk(reader);
  kept.add(["a", "b"]);
  assertEquals(
    (await waiting).filter((line) => line.startsWith("data")),
    ["data: a", "data: b"],
  );
  stop.abort();
  assertEquals((await reader.read()).done, true);
});

Deno.test("a client continues after its last event", async () => {
  const { journal: kept, open, stop, snapshots } = journal(10);
  const reader = open();
  await chunk(reader);
  kept.add(["a"]);
  const id = lastId(await chunk(reader));
  kept.add(["b", "c"]);
  const lines = await chunk(open(id));
  assertEquals(lines.filter((line) => line.startsWith("data")), [
    "data: b",
    "data: c",
  ]);
  assertEquals(snapshots(), 1);
  stop.abort();
  await reader.read();
});

Deno.test("a client that is too late gets a snapshot, and costs one chunk", async () => {
  const { journal: kept, open, stop, formatted, snapshots } = journal(3);
  const slow = open();
  await chunk(slow);
  // Nothing is formatted for a client that does not read.
  for (let number = 0; number < 1000; number++) kept.add([`${number}`]);
  assertEquals(formatted, []);
  const lines = await chunk(slow);
  assert(lines.includes("data: behind"), lines.join());
  assertEquals(snapshots(), 2);
  // It continues from there.
  const next = chunk(slow);
  kept.add(["next"]);
  assert((await next).includes("data: next"));
  // An id that is no longer kept, and one of another run.
  for (const id of [lastId(lines).replace(/\d+$/, "5"), "00000000-1000", "x"]) {
    assert((await chunk(open(id))).includes("data: behind"), id);
  }
  stop.abort();
});

Deno.test("a message is formatted once for all clients", async () => {
  const { journal: kept, open, stop, formatted } = journal(10);
  const readers = Array.from({ length: 100 }, () => open());
  for (const reader of readers) await chunk(reader);
  assertEquals(kept.streams, 100);
  const chunks = readers.map(chunk);
  kept.add(["a"]);
  await Promise.all(chunks);
  assertEquals(formatted, ["a"]);
  await Promise.all(readers.map((reader) => reader.cancel()));
  assertEquals(kept.streams, 0);
  stop.abort();
});

Deno.test("the kept messages are limited in number and in size", async () => {
  const { journal: kept, open, stop } = journal(1000, 100);
  const reader = open();
  await chunk(reader);
  kept.add(["x".repeat(60)]);
  kept.add(["y".repeat(60)]);
  // The first is gone.
  assert((await chunk(reader)).includes("data: behind"));
  // A message that is longer than the limit is kept alone.
  const next = chunk(reader);
  kept.add(["z".repeat(200)]);
  assert((await next).includes(`data: ${"z".repeat(200)}`));
  stop.abort();
});
