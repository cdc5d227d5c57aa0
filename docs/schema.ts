/**
 * Prints docs/ensure.schema.json, the schema of the files of `netplumb ensure`:
 * `deno task schema`.
 *
 * @module
 */

import { descriptionSchema } from "../lib/ensure/parse/schema.ts";

console.log(JSON.stringify(descriptionSchema(), null, 2));
