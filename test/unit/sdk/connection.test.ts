import { describe, expect, it } from '@jest/globals';
import { CadreError } from '../../../src/contracts/errors.ts';
import { discoverConnection } from '../../../src/sdk/client/connection.ts';

const outputs = {
  apiUrl: 'http://127.0.0.1:1/api',
  region: 'us-east-1',
  endpoint: 'http://127.0.0.1:1',
  accessKeyId: '000000000000',
  secretAccessKey: 'local',
};
const none = () => undefined;

describe('the way to a deployment', () => {
  it('is the option, then the environment, then what the last deployment left behind', () => {
    const env = { CADRE_API_URL: 'https://env' };
    expect(discoverConnection({ apiUrl: 'https://option/' }, env, () => outputs).apiUrl).toBe('https://option');
    expect(discoverConnection({}, env, () => outputs).apiUrl).toBe('https://env');
    expect(discoverConnection({}, {}, () => outputs).apiUrl).toBe(outputs.apiUrl);
  });

  it('is refused with a code where there is none', () => {
    expect(() => discoverConnection({}, {}, none)).toThrow(CadreError);
  });

  it('never takes real keys to a local deployment', async () => {
    const env = { AWS_ACCESS_KEY_ID: 'AKIAREAL', AWS_SECRET_ACCESS_KEY: 'real', AWS_REGION: 'eu-west-1' };
    const local = discoverConnection({}, env, () => outputs);
    expect(await local.credentials()).toEqual({ accessKeyId: '000000000000', secretAccessKey: 'local' });
    expect(local).toMatchObject({ endpoint: outputs.endpoint, region: 'us-east-1' });
  });

  it('knows a local deployment also when it is named', async () => {
    const named = discoverConnection({ apiUrl: outputs.apiUrl }, {}, () => outputs);
    expect(named.endpoint).toBe(outputs.endpoint);
    expect(await named.credentials()).toMatchObject({ accessKeyId: '000000000000' });
  });

  it('takes keys, token and region of the environment to a real one', async () => {
    const env = {
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_SECRET_ACCESS_KEY: 's',
      AWS_SESSION_TOKEN: 't',
      AWS_REGION: 'eu-west-1',
    };
    const real = discoverConnection({ apiUrl: 'https://real' }, env, () => outputs);
    expect(await real.credentials()).toEqual({ accessKeyId: 'AKIA', secretAccessKey: 's', sessionToken: 't' });
    expect(real.region).toBe('eu-west-1');
    expect(real.endpoint).toBeUndefined();
  });
});
