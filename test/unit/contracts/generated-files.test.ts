import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from '../../../src/contracts/generate.ts';

const root = join(import.meta.dirname, '..', '..', '..');

describe('what is made from the contracts', () => {
  it('is committed as it would be made now; `npm run schemas` makes it anew', () => {
    const stale = [...generate()].filter(([path, text]) => readFileSync(join(root, path), 'utf8') !== text);
    expect(stale.map(([path]) => path)).toEqual([]);
  });

  it('leaves no schema behind of a contract that is gone', () => {
    const made = new Set(generate().keys());
    const left = readdirSync(join(root, 'docs', 'schemas')).filter((name) => !made.has(`docs/schemas/${name}`));
    expect(left).toEqual([]);
  });
});
