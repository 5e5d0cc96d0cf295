import type { Duplicate } from './analyses/duplicated-blocks.ts';
import { isTest } from './analyses/size-and-complexity.ts';
import { finding, type Finding } from './finding.ts';

/** From here on a copy is more than a few lines somebody would rather not share. */
export const duplicateLinesMedium = 40;

/** A duplicated block as a finding at its first place; copies in tests weigh little. */
export function duplicateFinding({ lines, first, second }: Duplicate): Finding {
  const severity = lines >= duplicateLinesMedium && !isTest(first.path) && !isTest(second.path) ? 'medium' : 'low';
  const message = `${lines} lines are repeated at ${second.path}:${second.from}-${second.to}`;
  return finding('duplication', severity, first.path, first.from, message);
}
