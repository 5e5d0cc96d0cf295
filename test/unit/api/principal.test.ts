import { describe, expect, it } from '@jest/globals';
import { principalFrom } from '../../../src/api/principal.ts';

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
