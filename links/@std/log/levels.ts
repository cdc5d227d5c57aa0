export const LogLevels = {
  NOTSET: 0,
  DEBUG: 10,
  INFO: 20,
  WARN: 30,
  ERROR: 40,
  CRITICAL: 50,
} as const;

export type LevelName = keyof typeof LogLevels;
export type LogLevel = typeof LogLevels[LevelName];

export const LogLevelNames: LevelName[] = Object.keys(LogLevels) as LevelName[];

export function getLevelByName(name: LevelName): LogLevel {
  const level = LogLevels[name];
  if (level === undefined) {
    throw new Error(`Cannot get log level: no level named ${name}`);
  }
  return level;
}

export function getLevelName(level: LogLevel): LevelName {
  const name = LogLevelNames.find((name) => LogLevels[name] === level);
  if (name === undefined) {
    throw new Error(`Cannot get log level: no name for level: ${level}`);
  }
  return name;
}
