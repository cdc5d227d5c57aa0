// How lines reach stdout.

import { Output, type Sink } from "../../cli/output/output.ts";
import { printable, printableJson } from "../../cli/output/printable.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";

/** A reader as slow as the test wants it. */
class SlowSink implements Sink {
  readonly writes: string[] = [];
  #release: (() => void) | undefined;
  failure: unknown;
  /** Bytes taken of each write, all of them unless set. */
  most = Infinity;
  slow = false;

  isTerminal(): boolean {
    return false;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const taken = bytes.subarray(0, this.most);
    this.writes.push(new TextDecoder().decode(taken));
    if (this.slow) await new Promise<void>((done) => this.#release = done);
    if (this.failure) throw this.failure;
    return taken.length;
  }

  release(): void {
    this.slow = false;
    this.#release?.();
  }
}

/** Lets everything that is ready to run do so. */
const turn = () => new Promise((done) => setTimeout(done));

Deno.test("lines said in one turn leave in one write", async () => {
  const sink = new SlowSink();
  const output = new Output({ sink });
  for (const line of ["a", "b", "c"]) output.line(line);
  await output.flush();
  assertEquals(sink.writes, ["a\nb\nc\n"]);
});

Deno.test("lines said during a write leave together after it", async () => {
  const sink = new SlowSink();
  sink.slow = true;
  const output = new Output({ sink });
  output.line("a");
  await turn();
  output.line("b");
  output.line("c");
  await turn();
  assertEquals(sink.writes, ["a\n"]);
  sink.release();
  await output.flush();
  assertEquals(sink.writes, ["a\n", "b\nc\n"]);
});

Deno.test("a line said at the very end of a write is not left lying", async () => {
  for (let turns = 0; turns < 12; turns++) {
    const sink = new SlowSink();
    const output = new Output({ sink });
    output.line("a");
    for (let left = turns; left > 0; left--) await Promise.resolve();
    output.line("b");
    await turn();
    assertEquals(sink.writes.join(""), "a\nb\n", `after ${turns} turns`);
  }
});

Deno.test("ready() holds a fast writer back and lets it go on again", async () => {
  const sink = new SlowSink();
  sink.slow = true;
  const output = new Output({ sink });
  output.line("first");
  await turn();
  await output.ready();
  output.line("x".repeat(2 << 20));
  let isReady = false;
  const ready = output.ready().then(() => isReady = true);
  await turn();
  assert(!isReady);
  sink.release();
  await ready;
});

Deno.test("a write that takes only a part is continued", async () => {
  const sink = new SlowSink();
  sink.most = 3;
  const output = new Output({ sink });
  output.line("abcdefg");
  await output.flush();
  assertEquals(sink.writes.join(""), "abcdefg\n");
  assertEquals(sink.writes.length, 3);
});

Deno.test("a reader that is gone is reported once and is not an error", async () => {
  const sink = new SlowSink();
  sink.failure = new Deno.errors.BrokenPipe();
  let closed = 0;
  const output = new Output({ sink, onClosed: () => closed++ });
  output.line("a");
  await output.flush();
  output.line("b");
  await output.flush();
  assertEquals([closed, sink.writes], [1, ["a\n"]]);
});

Deno.test("any other failure to write is an error", async () => {
  const sink = new SlowSink();
  sink.failure = new RangeError("disk full");
  const output = new Output({ sink });
  output.line("a");
  await assertRejects(() => output.flush(), RangeError, "disk full");
});

Deno.test("event() makes only the form that is printed", async () => {
  for (const json of [true, false]) {
    const sink = new SlowSink();
    const output = new Output({ sink, json });
    let made = 0;
    output.event({ n: 1 }, ({ n }) => `text ${++made && n}`);
    await output.flush();
    assertEquals(sink.writes, [json ? '{"n":1}\n' : "text 1\n"]);
    assertEquals(made, json ? 0 : 1);
  }
});

Deno.test("text from outside cannot drive the terminal", () => {
  assertEquals(
    printable("a\x1b[31mb\nc\t\x7f\x9b\u202e\u2028é漢"),
    "a\\x1b[31mb\\nc\\t\\x7f\\u009b\\u202e\\u2028é漢",
  );
  const value = { name: "\x1b\x7f\x9b\u202e\u2066é" };
  const text = printableJson(value);
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x1f\x7f-\x9f\u202e\u2066]/.test(text));
  assertEquals(JSON.parse(text), value);
});
