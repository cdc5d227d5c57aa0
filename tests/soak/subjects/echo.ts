// `netplumb echo`, with what a subject says beside it.

import { netplumb } from "../../../cli/main.ts";
import { run } from "../../../cli/run.ts";
import { sayMemory, visits } from "../subject.ts";

const ARGUMENTS = ["echo", "--port", "8888", "--quiet", "--stats", "1h"];

sayMemory(() => ({}));
visits(() => Promise.resolve());
await run(netplumb(ARGUMENTS), ARGUMENTS);
