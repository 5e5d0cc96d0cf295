import { finding, type Finding } from '../finding.ts';
import { findSecrets, maskValue } from '../secret-patterns.ts';
import { isTest } from './size-and-complexity.ts';

/** The secrets in one text, each shown by its first characters only. In tests and their data they weigh little. */
export function findSecretsIn(path: string, text: string): Finding[] {
  let line = 1;
  let at = 0;
  return findSecrets(text).map(({ name, severity, start, end }) => {
    for (let next = text.indexOf('\n', at); next >= 0 && next < start; next = text.indexOf('\n', next + 1)) {
      line++;
      at = next + 1;
    }
    const shown = name === 'private key' ? name : `${name} ${maskValue(text.slice(start, end))}`;
    return finding('secrets', isTest(path) ? 'low' : severity, path, line, shown);
  });
}
