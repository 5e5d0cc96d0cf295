import { describe, expect, it } from '@jest/globals';
import { fuse } from '../../../../src/context/core/search/fuse.ts';

describe('rank fusion', () => {
  it('puts what both rankings know before what only one puts first', () => {
    expect(
      fuse([
        ['a', 'both'],
        ['b', 'both'],
      ]).map(({ id }) => id),
    ).toEqual(['both', 'a', 'b']);
  });

  it('tells the place in each ranking', () => {
    expect(fuse([['a', 'b'], ['b']])).toEqual([
      { id: 'b', ranks: [2, 1], score: 1 / 62 + 1 / 61 },
      { id: 'a', ranks: [1, undefined], score: 1 / 61 },
    ]);
  });

  it('of one ranking is that ranking', () => {
    expect(fuse([['c', 'a', 'b']]).map(({ id }) => id)).toEqual(['c', 'a', 'b']);
  });
});
