import { afterEach, describe, expect, it } from '@jest/globals';
import { defaultProvider } from '../../../src/platform/aws/function-credentials.ts';

const names = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;
const before = Object.fromEntries(names.map((name) => [name, process.env[name]]));

function given(values: Readonly<Record<string, string>>): void {
  for (const name of names) {
    const value = values[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
}

describe("a function's credentials", () => {
  afterEach(() =>
    given(Object.fromEntries(Object.entries(before).filter(([, value]) => value !== undefined)) as never),
  );

  it('are those that Lambda puts into its environment', async () => {
    given({ AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'token' });
    expect(await defaultProvider()()).toEqual({ accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' });
  });

  it('may come without a session, as on a local cloud', async () => {
    given({ AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' });
    expect(await defaultProvider()()).toEqual({ accessKeyId: 'id', secretAccessKey: 'secret' });
  });

  it('are missed with a reason', async () => {
    given({});
    await expect(defaultProvider()()).rejects.toThrow('no credentials');
  });
});
