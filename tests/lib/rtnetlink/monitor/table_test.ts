// A table of objects with unique keys, with notifications between the parts of
// a dump: what no kernel here would do at the right moment.

import { assertEquals } from "@std/assert";
import {
  KeyedTable,
  type Sink,
} from "../../../../lib/rtnetlink/monitor/table.ts";
import { completed } from "../../../support/completed.ts";

type Pair = readonly [key: number, value: string];

const SILENT: Sink<Pair> = { added() {}, changed() {}, removed() {} };

function pairs(): KeyedTable<Pair> {
  return new KeyedTable<Pair>({
    key: ([key]) => key,
    differences: (one, before) => one[1] === before[1] ? [] : ["value"],
  });
}

Deno.test("the first dump decides the order, regardless of notifications", () => {
  const table = pairs();
  table.begin();
  table.put([3, "newer"], 0, SILENT);
  table.put([9, "not in the dump"], 0, SILENT);
  completed(table.settle([[1, "a"], [3, "older"], [4, "b"]], SILENT));
  assertEquals([...table], [
    [9, "not in the dump"],
    [1, "a"],
    [3, "newer"],
    [4, "b"],
  ]);
});

Deno.test("a later dump changes no order", () => {
  const table = pairs();
  table.begin();
  completed(table.settle([[1, "a"], [2, "b"], [3, "c"]], SILENT));
  table.begin();
  table.put([1, "newer"], 0, SILENT);
  completed(table.settle([[1, "a"], [2, "b"], [3, "c"]], SILENT));
  assertEquals([...table], [[1, "newer"], [2, "b"], [3, "c"]]);
});
