import { describe, expect, it } from '@jest/globals';
import { indexedCharactersMax, tokensOf } from '../../../../src/context/core/search/tokens.ts';

describe('tokens', () => {
  it('fold case, accents and compatibility forms, and English endings', () => {
    expect(tokensOf('Running CAFÉ ﬁle, Übergröße')).toEqual(['run', 'cafe', 'file', 'ubergroße']);
  });

  it('leave out the words that stand in nearly every text', () => {
    expect(tokensOf('the lease of an agent')).toEqual(['leas', 'agent']);
  });

  it('count an identifier whole and in its parts', () => {
    expect(tokensOf('getUserById HTTPServer max_size')).toEqual([
      'getuserbyid',
      'get',
      'user',
      'id',
      'httpserver',
      'http',
      'server',
      'max_size',
      'max',
      'size',
    ]);
  });

  it('cut scripts without spaces into pairs, and keep their marks', () => {
    expect(tokensOf('東京大学 が')).toEqual(['東京', '京大', '大学', 'が']);
    expect(tokensOf('한국')).toEqual(['한국']);
    expect(tokensOf('हिन्दी')).toEqual(['हिन्दी']);
  });

  it('are the same for a text and for its pieces in a question', () => {
    expect(tokensOf('naïve')).toEqual(tokensOf('NAI\u0308VE'));
  });

  it('end where a huge document is cut', () => {
    expect(tokensOf(`${'a'.repeat(indexedCharactersMax)} lease`)).toEqual(['a'.repeat(40)]);
  });
});
