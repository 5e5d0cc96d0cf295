import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { blocksOf, pages, root } from '../../support/pages.ts';

const run = promisify(execFile);
const marked = pages.flatMap(blocksOf).filter(({ language, mark }) => language === 'sh' && mark === 'run');
const folder = mkdtempSync(join(tmpdir(), 'cadre-docs-'));

describe('the commands of the documentation that need no deployment', () => {
  it.each(marked.map((block) => [`${block.page}:${block.line}`, block] as const))(
    '%s run as printed',
    async (_at, { text }) => {
      const { NODE_OPTIONS: _jest, PATH = '', ...env } = process.env;
      const options = { cwd: folder, env: { ...env, NO_COLOR: '1', PATH: `${join(root, 'bin')}${delimiter}${PATH}` } };
      const { stdout } = await run('sh', ['-e', '-c', text], options);
      expect(stdout).toContain('default');
    },
  );

  it('are there', () => {
    expect(marked.length).toBeGreaterThan(0);
  });
});
