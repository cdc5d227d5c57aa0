// The part of @std/log that the command uses.

export * from "./handlers.ts";
export * from "./levels.ts";
export * from "./logger.ts";
export * from "./setup.ts";
