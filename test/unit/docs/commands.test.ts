import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { blocksOf, pages, readPage, root } from '../../support/pages.ts';

const run = promisify(execFile);
// The mark of such a block says what has to be in what it prints: `run: Completed`.
const marked = pages
  .flatMap(blocksOf)
  .filter(({ language, mark }) => language === 'sh' && mark?.startsWith('run') === true);
const folder = mkdtempSync(join(tmpdir(), 'cadre-docs-'));

describe('the commands of the documentation that need no deployment', () => {
  it.each(marked.map((block) => [`${block.page}:${block.line}`, block] as const))(
    '%s run as printed',
    async (_at, { mark = '', text }) => {
      const { NODE_OPTIONS: _jest, PATH = '', ...env } = process.env;
      const options = { cwd: folder, env: { ...env, NO_COLOR: '1', PATH: `${join(root, 'bin')}${delimiter}${PATH}` } };
      const { stdout } = await run('sh', ['-e', '-c', text], options);
      expect(mark).toMatch(/^run: ./);
      expect(stdout).toContain(mark.replace('run: ', ''));
    },
  );

  it('draw the picture of a workflow that the documentation shows', async () => {
    const { NODE_OPTIONS: _jest, ...env } = process.env;
    const file = join(root, 'examples', 'processes', 'travel-booking.json');
    const drawn = await run(join(root, 'bin', 'cadre'), ['workflows', 'draw', file, '--format', 'svg'], { env });
    expect(drawn.stdout).toBe(readPage('docs/pictures/travel-booking.svg'));
  });

  it('are there', () => {
    expect(marked.length).toBeGreaterThan(0);
  });
});
