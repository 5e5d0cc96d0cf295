import { expect, it } from '@jest/globals';
import { fuzz, fuzzed } from '../../history/fuzz.ts';

it.each(fuzzed)(
  'the operation %s answers or refuses hostile input with a typed error, and never writes a part',
  async (operation) => {
    const { faults } = await fuzz(operation, 150, 11);
    expect(faults).toEqual([]);
  },
);
