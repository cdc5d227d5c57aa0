/**
 * Generates docs/ensure.schema.json, the schema of configurations: `deno task
 * schema`.
 *
 * @module
 */

import { configurationSchema } from "../lib/ensure/parse/schema.ts";

console.log(JSON.stringify(configurationSchema(), null, 2));
