import { describe, expect, it } from '@jest/globals';
import { groupsFrom, principalFrom } from '../../../src/api/principal.ts';

const signed = {
  accountId: '111122223333',
  authorizer: { iam: { userId: 'AROA1:session', accountId: '111122223333' } },
};

describe('the principal of a call', () => {
  it('is the unique id that SQS stores as SenderId', () => {
    expect(principalFrom(signed, { trustLocal: false })).toBe('AROA1:session');
  });

  it('is the subject of a token, marked as such', () => {
    const context = { authorizer: { jwt: { claims: { sub: 'u1' } } } };
    expect(principalFrom(context, { trustLocal: false })).toBe('jwt:u1');
  });

  it('is the account on a local cloud, which knows nothing finer', () => {
    expect(principalFrom(signed, { trustLocal: true })).toBe('111122223333');
    expect(principalFrom({ accountId: '000000000000' }, { trustLocal: true })).toBe('000000000000');
  });

  it('is nobody without an authorizer, whatever else the request says', () => {
    expect(principalFrom({ accountId: '111122223333' }, { trustLocal: false })).toBeUndefined();
    expect(principalFrom(undefined, { trustLocal: false })).toBeUndefined();
    expect(principalFrom({ authorizer: { iam: { userId: '' } } }, { trustLocal: false })).toBeUndefined();
  });
});

describe('the groups of a caller', () => {
  const of = (claims: Record<string, unknown>) => groupsFrom({ authorizer: { jwt: { claims } } });

  it('are those of a token, however API Gateway writes a list', () => {
    expect(of({ groups: '[finance board]' })).toEqual(['finance', 'board']);
    expect(of({ groups: 'finance' })).toEqual(['finance']);
    expect(of({ 'cognito:groups': ['a', 1, 'b'] })).toEqual(['a', 'b']);
  });

  it('are none without a token that names some', () => {
    expect([of({ sub: 'u1' }), of({ groups: '[]' }), of({ groups: { a: 1 } }), groupsFrom(undefined)]).toEqual([
      [],
      [],
      [],
      [],
    ]);
    expect(groupsFrom(signed)).toEqual([]);
  });
});
