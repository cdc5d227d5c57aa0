// Every public operation, with everything below it failing in turn.

import { leavesNoDescriptor } from "../support/timing.ts";
import { faultCases, operations } from "./mod.ts";
import { elsewhere } from "./operations/namespace.ts";
import { walk } from "./walk.ts";

for (const operation of operations) {
  Deno.test(`faults: ${operation.name}`, async () => {
    await walk(operation);
  });
}

for (const { operation, fault, run } of faultCases) {
  Deno.test(`faults: ${operation}: ${fault}`, async () => {
    elsewhere();
    await leavesNoDescriptor(run);
  });
}
