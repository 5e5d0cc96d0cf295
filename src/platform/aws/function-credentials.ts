import { CadreError } from '../../contracts/errors.ts';

/**
 * Stands in for the SDK's credential chain in the bundles of functions (infra/bundle.ts): Lambda always gives a function its credentials in
 * the environment, and the rest of the chain (profiles, SSO, metadata services) is an eighth of a bundle and a fifth of its start.
 */
export const defaultProvider = () => async () => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN } = process.env;
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new CadreError('unavailable', 'Lambda gave this function no credentials in its environment');
  return {
    accessKeyId,
    secretAccessKey,
    ...(AWS_SESSION_TOKEN === undefined ? {} : { sessionToken: AWS_SESSION_TOKEN }),
  };
};
