// Callbacks of an AbortSignal: called once, removed, any number of them.

import { assert, assertEquals } from "@std/assert";
import {
  addAbortListener,
  removeAbortListener,
} from "../../../lib/io/abort_signal.ts";
import { output } from "../../support/netns.ts";

Deno.test("callbacks are called once, in order, unless they were removed", () => {
  const controller = new AbortController();
  const { signal } = controller;
  const called: string[] = [];
  const [one, two, three] = ["one", "two", "three"].map((name) => () => {
    called.push(name);
  });
  addAbortListener(signal, one);
  addAbortListener(signal, two);
  removeAbortListener(signal, two);
  removeAbortListener(signal, two);
  removeAbortListener(new AbortController().signal, one);
  addAbortListener(signal, () => removeAbortListener(signal, three));
  addAbortListener(signal, three);
  addAbortListener(signal, two);
  controller.abort();
  controller.abort();
  assertEquals(called, ["one", "two"]);
});

Deno.test("a callback is called also if all others were removed before", () => {
  const controller = new AbortController();
  const { signal } = controller;
  let called = 0;
  const first = () => called++;
  for (let turn = 0; turn < 3; turn++) {
    addAbortListener(signal, first);
    removeAbortListener(signal, first);
  }
  addAbortListener(signal, first);
  controller.abort();
  assertEquals(called, 1);
});

Deno.test("100,000 callbacks of one signal are added, removed and called in linear time", () => {
  const controller = new AbortController();
  const { signal } = controller;
  let called = 0;
  const callbacks = Array.from({ length: 100_000 }, () => () => called++);
  const start = performance.now();
  for (const one of callbacks) addAbortListener(signal, one);
  for (const one of callbacks.slice(1)) removeAbortListener(signal, one);
  for (const one of callbacks) addAbortListener(signal, one);
  controller.abort();
  assertEquals(called, callbacks.length);
  // As listeners of the signal they take half a minute.
  assert(performance.now() - start < 5000);
});

Deno.test("a signal whose callbacks were removed does not keep the process running", async () => {
  const module = import.meta.resolve("../../../lib/io/abort_signal.ts");
  const start = performance.now();
  const { code } = await output(Deno.execPath(), [
    "eval",
    "--no-lock",
    `import { addAbortListener, removeAbortListener } from ${
      JSON.stringify(module)
    };
    const signal = AbortSignal.timeout(30_000);
    const callback = () => {};
    addAbortListener(signal, callback);
    removeAbortListener(signal, callback);`,
  ]);
  assertEquals(code, 0);
  assert(performance.now() - start < 20_000);
});
