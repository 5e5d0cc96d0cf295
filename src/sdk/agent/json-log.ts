import type { AgentLog } from './ports.ts';

const levels = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof levels)[number];

/** A log of JSON lines on stderr, from the level in CADRE_LOG on. @default info */
export function jsonLog(
  from: string | undefined = process.env['CADRE_LOG'],
  write: (line: string) => void = (line) => void process.stderr.write(line),
): AgentLog {
  const named = levels.findIndex((level) => level === from);
  const least = named < 0 ? levels.indexOf('info') : named;
  const log =
    (level: Level) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
      if (levels.indexOf(level) < least) return;
      write(`${JSON.stringify({ level, time: new Date().toISOString(), message, ...fields })}\n`);
    };
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
}
