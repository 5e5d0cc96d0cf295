import { fromNodeProviderChain } from '@aws-sdk/credential-providers';

const chain = fromNodeProviderChain();

/** The caller's own AWS credentials, found as every AWS tool finds them (environment, profiles, SSO, container, instance). */
export async function callerCredentials() {
  const { accessKeyId, secretAccessKey, sessionToken } = await chain();
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
