import { findingsPerCheckMax } from './limits.ts';
import { byKeys } from './ordering.ts';
import { maskSecrets } from './secret-patterns.ts';

/** From what must be looked at now to what is good to know. */
export const severities = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof severities)[number];

/** The checks a finding may come from. */
export const checks = [
  'secrets',
  'complexity',
  'size',
  'duplication',
  'licences',
  'links',
  'dependencies',
  'todos',
] as const;
export type Check = (typeof checks)[number];

/** One thing worth a look, at a place. */
export interface Finding {
  readonly check: Check;
  readonly severity: Severity;
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

/** Makes a finding. Its message passes the mask of secrets, so that no check can repeat one by quoting a line. */
export function finding(check: Check, severity: Severity, path: string, line: number, message: string): Finding {
  return { check, severity, path, line, message: maskSecrets(message) };
}

/** The most severe first, then by place: the same order whatever order the tasks ended in. */
export const bySeverity = byKeys<Finding>(
  (each) => severities.length - severities.indexOf(each.severity),
  (each) => checks.length - checks.indexOf(each.check),
  (each) => each.path,
  (each) => -each.line,
  (each) => each.message,
);

/** Keeps the gravest findings of each check and says how many were left out. */
export function bounded(findings: readonly Finding[]): { findings: Finding[]; left_out: number } {
  const kept: Finding[] = [];
  const counts = new Map<Check, number>();
  for (const each of [...findings].sort(bySeverity)) {
    const count = counts.get(each.check) ?? 0;
    counts.set(each.check, count + 1);
    if (count < findingsPerCheckMax) kept.push(each);
  }
  return { findings: kept, left_out: findings.length - kept.length };
}
